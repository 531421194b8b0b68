"""What romsamples.py imports, and imports it in turn."""

OTHER = {"from": "other"}


def shout(text):
    return text + "!"


def back():
    import romsamples

    return romsamples.NUMBER
