"""Ctrl-C in any tool: a sentence, no traceback."""

import os
import re
import signal
import subprocess
import sys
import time

from pins import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
# Those that are through before anybody could press a key.
INSTANT = {"tools/image/memory.py", "tools/catalogue/gendocs.py"}


def started():
    """Return the files that targets of make and people start."""
    found = set(re.findall(r"\btools/[\w/]+\.py\b", MAKEFILE)) | {"tools/atsim"}
    for module in re.findall(r"-m (tools[\w.]+)", MAKEFILE):
        path = module.replace(".", "/")
        found.add(f"{path}.py" if (ROOT / f"{path}.py").exists() else f"{path}/__main__.py")
    return found | {f"tools/{path.name}" for path in (ROOT / "tools").glob("*.py")}


def test_every_tool_that_is_started_takes_it_quietly():
    for name in started() - INSTANT:
        text = (ROOT / name).read_text()
        assert "interrupt.quietly()" in text or "launch.under_venv(" in text, name
    assert len(started()) > 15


def ended(process, text):
    """Press Ctrl-C once a tool has said something; return all that it says."""
    said = b""
    until = time.monotonic() + 120
    while text not in said:
        assert time.monotonic() < until, said
        said += os.read(process.stdout.fileno(), 65536)
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    return (said + rest).decode()


def test_ctrl_c_is_answered_by_a_sentence():
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.bench", "soak"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    said = ended(process, b"left")  # how much time is left
    assert "ended by Ctrl-C" in said
    assert "Traceback" not in said
    assert process.returncode != 0


def test_what_children_do_about_it_is_not_of_interest():
    program = """
import interrupt
interrupt.quietly()
try:
    raise KeyboardInterrupt
finally:
    raise OSError("a child has ended")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "tools/build", capture_output=True, text=True
    )
    assert done.stderr == "\nended by Ctrl-C\n" and done.returncode != 0


def test_other_errors_are_shown_as_ever():
    program = "import interrupt; interrupt.quietly(); 1 / 0"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "tools/build", capture_output=True, text=True
    )
    assert "Traceback" in done.stderr and "ZeroDivisionError" in done.stderr
