"""The text of answers: quoting, numbers, data lines, error lines (docs/wire.md#six-forms)."""

OK = b"OK"
ERROR = b"ERROR"
SEND_OK = b"SEND OK"
SEND_FAIL = b"SEND FAIL"
SEND_CANCELLED = b"SEND CANCELLED"
SET_OK = b"SET OK"
WRITE_OK = b"WRITE OK"
NOTHING = b""  # the handler has said all there is to say
BUSY = b"\r\nbusy p...\r\n"
PROMPT = b"\r\nOK\r\n\r\n>"


def plain(text):
    """Return bytes or text as bytes with `?` for control bytes, so that it stays on its line.

    What peers call themselves goes into answers: an SSID, a topic, a reason. A CR LF in it would
    begin a line that a host takes for the module's. A tab does not.
    """
    if isinstance(text, str):
        text = text.encode()
    for c in text:
        if _is_control(c):
            return bytes([0x3F if _is_control(c) else c for c in text])
    return text


def _is_control(c):
    return (c < 0x20 and c != 0x09) or c == 0x7F


def quote(value):
    """Show one value as bytes: integers in decimal, text in quotes and not escaped."""
    return b"%d" % value if isinstance(value, int) else b'"' + plain(value) + b'"'


def result(code):
    """Frame a result code: CR LF on both sides, only behind +MQTTPUB:OK and the like."""
    return (code if code.startswith(b"+") else b"\r\n" + code) + b"\r\n"


def error_line(code):
    """Compose the line that precedes ERROR while AT+SYSLOG=1."""
    return b"ERR CODE:0x%08x\r\n" % code
