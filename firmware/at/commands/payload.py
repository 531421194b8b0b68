"""What commands that take a payload after `>` have in common: collecting it, setting headers."""

from at.errors import ATError

_PIECE = 512


async def collect(at, count):
    """Ask the host for a payload; return it in pieces of 512 bytes, the last may be shorter.

    The heap need not have one place for all of them. MemoryError comes before the host is asked.
    """
    pieces = [bytearray(min(_PIECE, count - i)) for i in range(0, count, _PIECE)]
    at.ask(count)
    for piece in pieces:
        done = 0
        while done < len(piece):
            data = await at.take(len(piece) - done)
            piece[done : done + len(data)] = data
            done += len(data)
    return pieces


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
