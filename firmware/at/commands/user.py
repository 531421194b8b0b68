"""User commands (manual chapter 3.11)."""

from at.command import command
from at.commands.payload import fill
from at.errors import invalid
from at.wire.reply import WRITE_OK

_GUIDE = "https://docs.espressif.com/projects/esp-at/%s/latest/esp32s2/index.html"
_READ = 1024  # bytes behind one +USERRAM head

USERRAM = command(
    "+USERRAM",
    "A buffer in RAM for the host",
    (
        # 0 free; 1 allocate; 2 write; 3 read; 4 clear
        (
            "by",
            "operation",
            (
                (0, ()),
                (1, (("int", "size", 1, 0x400000),)),  # bytes
                (
                    2,
                    (
                        ("int", "size", 1, 0x400000),
                        ("int", "offset", 0, 0x400000, 0),  # bytes from the start
                    ),
                ),
                (3, (("int", "size", 1, 0x400000), ("int", "offset", 0, 0x400000, 0))),
                (4, ()),
            ),
        ),
    ),
    words={"data": "`size` bytes"},
)


@USERRAM.query
def userram_query(at):
    """`+USERRAM:<size>` of the largest buffer that could be allocated now."""
    at.reply(at.userram.free_size())


@USERRAM.set
def userram_set(at, operation, size=0, offset=0):
    """Reading answers `+USERRAM:<size>,<data>`, up to 1024 bytes at once.

    Allocating twice is an error; bytes behind a written payload are the next command.
    """
    if operation == 0:
        at.userram.release()
    elif operation == 1:
        at.userram.allocate(size)
    elif operation == 2:
        return _write(at, at.userram.view(size, offset))
    elif operation == 3:
        return _read(at, at.userram.view(size, offset))
    else:
        at.userram.clear()
    return None


async def _write(at, view):
    await fill(at, view, keep_surplus=True)
    return WRITE_OK


async def _read(at, view):
    at.port.hold()
    try:
        for start in range(0, len(view), _READ):
            piece = view[start : start + _READ]
            at.port.raw(b"%s:%d," % (at.name.encode(), len(piece)))
            await at.port.send(piece)
    finally:
        at.port.release()


USERWKMCUCFG = command(
    "+USERWKMCUCFG",
    "Whether and how the module wakes the host before it reports",
    (
        # 0 no; 1 yes
        (
            "by",
            "enable",
            (
                (0, ()),
                (
                    1,
                    (
                        ("pick", "wake_mode", (1, 2)),  # 1 a pin; 2 a byte of the command port
                        ("int", "wake_number", 0, 46),  # of the pin, or 1, the UART
                        ("int", "wake_signal", 0, 255),  # level of the pin, or the byte
                        ("int", "delay_time", 0, 60000),  # ms
                        # +1 AT+USERMCUSLEEP tells; +2 AT+SLEEP tells;
                        # +4 after the delay the host counts as awake
                        ("int", "check_mcu_awake_method", 0, 7, 1),
                    ),
                ),
            ),
        ),
    ),
)


@USERWKMCUCFG.set
def userwkmcucfg_set(at, enable, mode=0, number=0, signal=0, delay_ms=0, methods=1):
    """Wake mode 1 takes a GPIO and its active level, mode 2 UART 1 and the byte to send."""
    if not enable:
        at.power.clear_host_wake()
        return
    if mode == 2 and number != 1:
        raise invalid(2, "the command port is UART 1")
    if mode == 1 and signal > 1:
        raise invalid(3, "a pin's level is 0 or 1")
    if mode == 1:
        at.pins.need_free(number, is_wake=True)
    at.power.set_host_wake(mode, number, signal, delay_ms, methods)


USERMCUSLEEP = command(
    "+USERMCUSLEEP",
    "Tell the module whether the host sleeps",
    (("pick", "state", (0, 1)),),  # 0 awake; 1 asleep
)


@USERMCUSLEEP.set
def usermcusleep_set(at, state):
    """Without effect unless AT+USERWKMCUCFG enables this method; still OK then."""
    at.power.host_said(state == 1)


USERDOCS = command(
    "+USERDOCS",
    "Report where the manuals of the command set are",
    words={"url": "of the manual, English first, then Chinese"},
)


@USERDOCS.query
def userdocs_query(at):
    """`+USERDOCS:<url>`, a line each."""
    at.reply(_GUIDE % "en")
    at.reply(_GUIDE % "zh_CN")
