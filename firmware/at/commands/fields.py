"""What AT+HTTPCHEAD and AT+WSHEAD have in common: showing and setting header lines."""

from at.errors import ATError


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
        fields.add(bytes(await at.prompt(length)))
    except ValueError as error:
        raise ATError(str(error))
