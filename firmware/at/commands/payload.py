"""What commands with a payload have in common: collecting it after `>`, showing it, headers."""

import binascii

from at.errors import ATError

_PIECE = 512
_SHOWN = 256  # bytes made hexadecimal at a time


async def collect(at, count):
    """Ask the host for a payload; return it in pieces of 512 bytes, the last may be shorter.

    The heap need not have one place for all of them. MemoryError comes before the host is asked.
    """
    pieces = _pieces(count)
    at.ask(count)
    for piece in pieces:
        await at.gather(piece)
    return pieces


def _pieces(count):
    return [bytearray(min(_PIECE, count - i)) for i in range(0, count, _PIECE)]


async def fill(at, view, keep_surplus=False):
    """Ask the host for as many bytes as the buffer has, and put them there."""
    at.ask(len(view), keep_surplus)
    await at.gather(view)


async def show_hex(at, view):
    """Write `+NAME:` and a buffer in hexadecimal digits."""
    at.port.hold()
    try:
        at.port.raw(b"%s:" % at.name.encode())
        for start in range(0, len(view), _SHOWN):
            await at.port.send(binascii.hexlify(view[start : start + _SHOWN]))
        at.port.raw(b"\r\n")
    finally:
        at.port.release()


def show_fields(at, fields):
    """Write a line for each header that is set: its index, from 0, and the header."""
    for i in range(len(fields.lines)):
        at.reply(i, fields.lines[i])


async def set_field(at, fields, length):
    """Take a header as payload, or forget all for a length of 0."""
    if not length:
        fields.clear()
        return
    try:
        fields.add(b"".join(await collect(at, length)))
    except ValueError as error:
        raise ATError(str(error))
