"""I2C masters (manual sections 3.10.6 to 3.10.9).

A device address has 7 bits, 0 to 0x7F, or 10 bits: 0x7800 plus the address, so that 0x2FF is
0x7AFF. Transfers have a second; one that cannot be done in that time is refused, and so is one
while a line is held low. If a device does not answer the command ends with ERROR.
"""

from at.command import command
from at.commands.payload import fill, show_hex
from at.errors import invalid
from at.services.buffer import Buffer
from at.wire.bind import demand

DRVI2CINIT = command(
    "+DRVI2CINIT",
    "Set an I2C port up as a master; the number alone releases it",
    (
        ("int", "num", 0, 1),  # of the port
        ("int", "scl_io", 0, 46, None),  # number of the pin
        ("int", "sda_io", 0, 46, None),  # number of the pin
        ("int", "clock", 20, 1000000, None),  # Hz
    ),
)


@DRVI2CINIT.set
def drvi2cinit_set(at, num, scl_io, sda_io, clock):
    """A port that is set up already moves to the new pins. Pull-ups of 45 kOhm are on.

    The clock is in Hz. The chip's own ports begin at 40 kHz; what is slower is done in software,
    during which the module does nothing else. The manual's GPIO25 is the ESP32's.
    """
    if scl_io is None and sda_io is None and clock is None:
        at.i2c.stop(num)
        return
    demand(DRVI2CINIT.params[1:], (scl_io, sda_io, clock), 1)
    at.i2c.start(num, scl_io, sda_io, clock)


_DEVICE = (
    ("int", "num", 0, 1),  # of the port
    ("int", "address", 0, 0x7BFF),  # of 7 bits, or 0x7800 plus one of 10 bits
)

DRVI2CRD = command(
    "+DRVI2CRD",
    "Read bytes from an I2C device",
    _DEVICE + (("int", "length", 1, 2048),),  # bytes
    words={"read_data": "two hexadecimal digits a byte"},
)


@DRVI2CRD.set
async def drvi2crd_set(at, num, address, length):
    """`+DRVI2CRD:<read_data>`, in lower case.

    No register is chosen: that is a write before, with AT+DRVI2CWRBYTES.
    """
    at.i2c.check(num, address, length)
    with Buffer(length) as view:
        at.i2c.read(num, address, view)
        await show_hex(at, view)


DRVI2CWRDATA = command(
    "+DRVI2CWRDATA",
    "Write bytes that follow the prompt to an I2C device",
    _DEVICE + (("int", "length", 1, 2048),),  # bytes
)


@DRVI2CWRDATA.set
async def drvi2cwrdata_set(at, num, address, length):
    at.i2c.check(num, address, length)
    with Buffer(length) as view:
        await fill(at, view)
        at.i2c.write(num, address, view)


DRVI2CWRBYTES = command(
    "+DRVI2CWRBYTES",
    "Write up to four bytes, given as a number, to an I2C device",
    _DEVICE
    + (
        ("int", "length", 1, 4),  # bytes
        ("int", "data", 0, 0xFFFFFFFF),  # the bytes as one number
    ),
)


@DRVI2CWRBYTES.set
def drvi2cwrbytes_set(at, num, address, length, data):
    """The most significant byte goes first; a number that needs more bytes is refused."""
    if data >> 8 * length:
        raise invalid(3, "data needs more than %d bytes" % length)
    at.i2c.check(num, address, length)
    at.i2c.write(num, address, data.to_bytes(length, "big"))
