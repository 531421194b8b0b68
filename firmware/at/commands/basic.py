"""Basic commands (manual chapter 3.1), but for the UART, message filters and flash."""

from at import version
from at.command import all_flags, command
from at.errors import StateError
from at.services import device

AT = command("", "Check that the command port is alive")


@AT.run
def at_run(at):
    pass


ATE0 = command("E0", "Turn the echo of commands off")


@ATE0.run
def ate0_run(at):
    at.uart.echo(False)


ATE1 = command("E1", "Turn the echo of commands on, as it is after a start")


@ATE1.run
def ate1_run(at):
    at.uart.echo(True)


ABORT = command("+ABORT", "Give up the command that runs", since="ours")


@ABORT.run
def abort_run(at):
    """Sent while a command runs, it ends that one with ERROR, ERR CODE 0x010a4ab0.

    The line, exactly so, has no answer of its own then. What was half open is closed: a join is
    left, a link being opened is none. A counted answer is completed first; behind a `>` the line
    is payload like any other. Without a running command it is OK.
    """


RST = command("+RST", "Restart the module")


@RST.run
def rst_run(at):
    """While another command runs, `AT+RST` still restarts: `Will force to restart!!!`."""
    at.then(at.restart)


GMR = command("+GMR", "Report core, SDK, build and firmware versions")


@GMR.run
def gmr_run(at):
    """The chip reads ESP32S2, as client libraries expect; dates are those of the image."""
    idf, commit, date, time = at.versions()
    line = at.line
    line("AT version:", version.CORE, "(", commit, " - ESP32S2 - ", date, " ", time, ")")
    line("SDK version:", idf)
    line("compile time(", commit, "):", date, " ", time)
    line("Bin version:", version.BIN, "(", at.module_name, ")")


CMD = command(
    "+CMD",
    "List every command with the forms it has",
    words={
        "index": "from 0",
        "name": "of the command, with AT",
        "test": "0 no; 1 yes",
        "query": "0 no; 1 yes",
        "set": "0 no; 1 yes",
        "execute": "0 no; 1 yes",
    },
)


@CMD.query
def cmd_query(at):
    """`+CMD:<index>,<name>,<test>,<query>,<set>,<execute>`, a line each."""
    for number, (name, *flags) in enumerate(all_flags()):
        at.reply(number, "AT" + name, *flags)


GSLP = command(
    "+GSLP",
    "Enter deep sleep for a time",
    (("int", "time", 0, 2147483647),),  # ms; 0 restart at once
)


@GSLP.set
def gslp_set(at, ms):
    """The UART is deaf until the time is over; then the module starts afresh."""
    at.line(str(ms))
    at.then(lambda: at.power.deep_sleep(ms))


RESTORE = command("+RESTORE", "Restore factory defaults and restart")


@RESTORE.run
def restore_run(at):
    """Every kept setting goes; manufacturing data and user partitions stay."""
    at.settings.restore()
    at.then(at.restart)


SLEEP = command(
    "+SLEEP",
    "Sleep mode",
    # 0 none; 1 modem sleep by DTIM; 2 light sleep; 3 modem sleep by listen interval
    (("int", "sleep_mode", 0, 3),),
)


@SLEEP.query
def sleep_query(at):
    at.reply(at.power.mode)


@SLEEP.set
def sleep_set(at, mode):
    """Nothing but the pin of AT+SLEEPWKCFG ends light sleep: it should be set first.

    ERROR for 1 to 3 while the softAP is on; switching it on later turns sleep off.
    """
    if mode and at.wifi.mode & 2:
        raise StateError("a softAP cannot sleep; AT+CWMODE=1 turns it off")
    at.power.set_mode(mode)


SLEEPWKCFG = command(
    "+SLEEPWKCFG",
    "Wake source of light sleep",
    (
        ("pick", "wakeup_source", (2,)),  # 2 a pin
        ("int", "gpio", 0, 46),  # number of the pin
        ("pick", "level", (0, 1), 0),  # 0 low; 1 high
    ),
)


@SLEEPWKCFG.set
def sleepwkcfg_set(at, source, pin, level):
    """Sources 0 and 1 are reserved in the manual and refused. The level defaults to low.

    Each pin is one more, and stays one until the next start; said again it gets another level.
    """
    at.pins.need_free(pin, is_wake=True)
    at.power.set_wake_pin(pin, level)


SYSRAM = command(
    "+SYSRAM",
    "Report free memory and the lowest free memory so far, in bytes",
    # +1 for code; +2 for 32-bit words; +4 for bytes; +8 for DMA; +1024 PSRAM; +2048 internal
    (("int", "caps", 1, 0x7FFFFFFF),),
    since="4.1: the set form",
    words={
        "remaining": "bytes that are free",
        "minimum": "bytes that were free when there were fewest",
        "largest": "bytes of the largest free block",
        "free": "bytes that are free",
        "lowest": "bytes that were free when there were fewest",
        "total": "bytes there are",
    },
)


@SYSRAM.query
def sysram_query(at):
    """`+SYSRAM:<remaining>,<minimum>`."""
    at.reply(*at.heap())


@SYSRAM.set
def sysram_set(at, caps):
    """`+SYSRAM:<largest>,<free>,<lowest>,<total>` of the system heap of a kind.

    caps are ESP-IDF's MALLOC_CAP bits.
    """
    at.reply(*at.ram(caps))


SYSMSG = command(
    "+SYSMSG",
    "Which system messages there are",
    # +1 +QUITT when passthrough ends; +2 +LINK_CONN instead of CONNECT;
    # +4 news of Wi-Fi and links in passthrough
    (("int", "state", 0, 7),),
    stores="sysmsg",
)


@SYSMSG.query
def sysmsg_query(at):
    at.reply(at.settings.get("sysmsg"))


@SYSMSG.set
def sysmsg_set(at, state):
    at.settings.put("sysmsg", state)


RFPOWER = command(
    "+RFPOWER",
    "Maximum transmit power in units of 0.25 dBm",
    (("int", "wifi_power", 40, 84),),  # units of 0.25 dBm
)


@RFPOWER.query
def rfpower_query(at):
    """What the driver really uses: it rounds down to its own steps."""
    at.reply(at.wifi.tx_power())


@RFPOWER.set
def rfpower_set(at, power):
    """ERROR while Wi-Fi is off (AT+CWMODE=0) or not initialised."""
    at.wifi.tx_power(power)


SYSROLLBACK = command(
    "+SYSROLLBACK",
    "Go back to the firmware in the other OTA slot",
    since="4.1: the query; main: the check before",
    words={
        "address": "of the firmware that runs, in flash",
        "version": "of it",
        "other_address": "of the other slot",
        "other_version": "of what is there, empty if that is no firmware",
    },
)


@SYSROLLBACK.query
def sysrollback_query(at):
    """`+SYSROLLBACK:<address>,<version>,<other_address>,<other_version>`."""
    running, other = at.flash.slots()
    at.line('%s:0x%x,"%s",0x%x,"%s"' % ((at.name,) + running + other))


@SYSROLLBACK.run
async def sysrollback_run(at):
    """Restarts after OK. ERROR, and no change, if the other slot holds no valid firmware.

    All of it is read and checked before.
    """
    await at.flash.roll_back()
    at.then(at.restart)


SYSTIMESTAMP = command(
    "+SYSTIMESTAMP",
    "The time as seconds since 1970-01-01 UTC",
    (("int", "unix_timestamp", 0, 4294967295),),  # seconds since 1970-01-01 UTC
)


@SYSTIMESTAMP.query
def systimestamp_query(at):
    at.reply(at.clock.now())


@SYSTIMESTAMP.set
def systimestamp_set(at, seconds):
    at.clock.set(seconds)


SYSLOG = command(
    "+SYSLOG",
    "What precedes ERROR, to explain it",
    (("int", "status", 0, 2),),  # 0 nothing; 1 `ERR CODE:0x...`; 2 a `REASON:` line as well
    since="ours: `status` 2",
)


@SYSLOG.query
def syslog_query(at):
    at.reply(at.syslog)


@SYSLOG.set
def syslog_set(at, status):
    """2 is ours: one line for people, `REASON:...`, before the ERR CODE line."""
    at.syslog = status


SYSSTORE = command(
    "+SYSSTORE",
    "Whether settings are kept in flash; 1 after each start",
    (("pick", "store_mode", (0, 1)),),  # 0 not kept; 1 kept in flash
)


@SYSSTORE.query
def sysstore_query(at):
    at.reply(int(at.settings.keeping))


@SYSSTORE.set
def sysstore_set(at, mode):
    """Concerns later commands; those marked "kept always" do not ask for it.

    What is set while it is 0 holds until the next start, and no later command keeps it: one that
    is kept adds to flash what it says itself. A parameter that it leaves out stays as it is, in
    force what is in force and in flash what is there.
    """
    at.settings.keeping = mode == 1


SYSREG = command(
    "+SYSREG",
    "Read or write a 32-bit hardware register",
    (
        # 0 read; 1 write
        (
            "by",
            "direct",
            (
                (0, (("int", "address", 0, 0xFFFFFFFF),)),  # of the register, a multiple of 4
                (
                    1,
                    (
                        ("int", "address", 0, 0xFFFFFFFF),
                        ("int", "value", 0, 0xFFFFFFFF),  # to be written
                    ),
                ),
            ),
        ),
    ),
    words={"content": "in hexadecimal"},
)


@SYSREG.set
def sysreg_set(at, direct, address, value=None):
    """Reading answers `+SYSREG:<content>`. The address is not checked further."""
    found = device.register(address, value)
    if not direct:
        at.line("%s:0x%08x" % (at.name, found))
