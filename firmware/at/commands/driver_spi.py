"""An SPI master (manual sections 3.10.10 to 3.10.13).

A transfer has up to three phases: a command, an address, and data in one direction.
"""

from at.command import command
from at.commands.payload import fill, show_hex
from at.errors import invalid
from at.services.buffer import Buffer
from at.wire.bind import demand

DRVSPICONFGPIO = command(
    "+DRVSPICONFGPIO",
    "Choose the pins of the SPI master",
    (
        ("int", "mosi", 0, 46),  # number of the pin
        ("int", "miso", -1, 46),  # number of the pin; -1 none
        ("int", "sclk", 0, 46),  # number of the pin
        ("int", "cs", -1, 46),  # number of the pin; -1 none
    ),
)


@DRVSPICONFGPIO.set
def drvspiconfgpio_set(at, *pins):
    """To be sent before AT+DRVSPIINIT, which takes the pins; refused while the master runs."""
    at.spi.configure(pins)


DRVSPIINIT = command(
    "+DRVSPIINIT",
    "Start the SPI master, or end it",
    (
        ("int", "clock", 0, 40000000),  # Hz; 0 end it
        # 0 CPOL 0, CPHA 0; 1 CPOL 0, CPHA 1; 2 CPOL 1, CPHA 0; 3 CPOL 1, CPHA 1
        ("int", "mode", 0, 3, None),
        ("int", "cmd_bit", 0, 16, None),  # bits of the usual command
        ("int", "addr_bit", 0, 64, None),  # bits of the usual address
        ("int", "dma_chan", 0, 2, None),  # 0 no DMA; 1-2 DMA
        # +1 send the least significant bit first; +2 receive it first
        ("int", "bits_msb", 0, 3, 0),
    ),
)


@DRVSPIINIT.set
def drvspiinit_set(at, clock, mode, cmd_bit, addr_bit, dma_chan, bits_msb):
    """A master that runs starts anew. The clock is in Hz, 153 or more.

    The chip divides 80 MHz: what does not divide it evenly gets the next clock below; far below 1
    MHz the nearest, which differs by less than 1 %. `cmd_bit` and `addr_bit` are the phases, all
    zeros, of transfers that say nothing of a command or an address. Channels 1 and 2 are the same:
    the ESP32-S2 chooses. `AT+DRVSPIINIT=0` releases the pins, which stay chosen.
    """
    if not clock:
        at.spi.stop()
        return
    demand(DRVSPIINIT.params[1:], (mode, cmd_bit, addr_bit, dma_chan), 1)
    at.spi.start(clock, mode, cmd_bit, addr_bit, dma_chan > 0, bits_msb)


# As the manual's headings and examples spell it.

_PHASES = (
    ("int", "cmd", 0, 0xFFFF, None),  # command
    ("int", "cmd_len", 0, 2, None),  # bytes; 0 none
    ("int", "addr", 0, 0xFFFFFFFF, None),  # address
    ("int", "addr_len", 0, 4, None),  # bytes; 0 none
)

DRVSPIRD = command(
    "+DRVSPIRD",
    "Read from the SPI bus, after a command and an address if wanted",
    (("int", "data_len", 1, 4092),) + _PHASES,  # bytes
    words={"read_data": "two hexadecimal digits a byte"},
)


@DRVSPIRD.set
async def drvspird_set(at, data_len, cmd, cmd_len, addr, addr_len):
    """`+DRVSPIRD:<read_data>`, in lower case; 64 bytes at most without DMA.

    Lengths are in bytes; 0 leaves a phase out that AT+DRVSPIINIT set up.
    """
    at.spi.check(data_len)
    number, place = _phases(cmd, cmd_len, addr, addr_len)
    with Buffer(data_len) as view:
        await at.spi.transfer(number, place, view, True)
        await show_hex(at, view)


DRVSPIWR = command(
    "+DRVSPIWR",
    "Write to the SPI bus: a command and an address if wanted, and bytes that follow the prompt",
    (("int", "data_len", 0, 4092),) + _PHASES,  # bytes; 0 command and address alone
)


@DRVSPIWR.set
async def drvspiwr_set(at, data_len, cmd, cmd_len, addr, addr_len):
    """A `data_len` of 0 sends command and address alone, without a prompt."""
    at.spi.check(data_len)
    number, place = _phases(cmd, cmd_len, addr, addr_len)
    if not data_len:
        if not at.spi.has_phases(number, place):
            raise invalid(0, "there is nothing to send")
        await at.spi.transfer(number, place, b"", False)
        return
    with Buffer(data_len) as view:
        await fill(at, view)
        await at.spi.transfer(number, place, view, False)


def _phases(cmd, cmd_len, addr, addr_len):
    return _phase("cmd", cmd, cmd_len, 1), _phase("addr", addr, addr_len, 3)


def _phase(name, value, length, index):
    """Return (value, bits) of a phase, None if nothing is said of it."""
    if value is None and length is None:
        return None
    if value is None:
        raise invalid(index, "%s_len needs %s" % (name, name))
    if length is None:
        raise invalid(index + 1, "%s needs %s_len" % (name, name))
    if value >> 8 * length:
        raise invalid(index, "%s needs more than %d bytes" % (name, length))
    return value, 8 * length
