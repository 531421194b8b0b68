"""What romsamples.py imports, and imports it in turn."""

OTHER = {"from": "other"}
SMALL, LARGE, BELOW, HUGE = 63, 64, -65, 1 << 40
_LOWEST, _SECRET, _NOTHING = -64, "a secret", None
kept = {}


def shout(text):
    return text + "!"


def loads():
    return SMALL, LARGE, BELOW, HUGE, _LOWEST, _SECRET, _NOTHING, _hidden, len, ValueError


def _hidden():
    return OTHER


def keep(key):
    kept[key] = len(kept)
    return kept


def back():
    import romsamples

    return romsamples.NUMBER
