"""What a report of the conformance run says."""

NAME = "test_scenarios.py::test_transcript[{}]"
FACTS = {"firmware": "AT version:1", "port": "/dev/ttyX, 115200 baud", "date": "2026-11-21 10:00"}


def entries(*pieces):
    """Return a readable byte log of (direction, text) pairs."""
    return [(0.1 * index, direction, text) for index, (direction, text) in enumerate(pieces)]


def results(**tests):
    """Return a results file's content."""
    base = {"outcome": "passed", "title": "", "reason": "", "log": [], "seconds": 0.5}
    return {
        "facts": FACTS,
        "tests": {NAME.format(name): base | test for name, test in tests.items()},
    }
