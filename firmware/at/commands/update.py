"""Updates over the network (manual sections 3.3.23, 3.3.24 and 3.11.3)."""

from at.command import EVENTS, command
from at.errors import invalid
from at.services.update import FIRMWARE

EVENTS.update({"update_state": lambda _, state: "+CIPUPDATE:%d" % state})

CIPFWVER = command(
    "+CIPFWVER",
    "Show the newest version that the update server offers",
    words={"version": "as the server offers it"},
)


@CIPFWVER.query
async def cipfwver_query(at):
    """`+CIPFWVER:<version>`. About the server: docs/update-server.md."""
    at.reply(await at.update.newest())


CIUPDATE = command(
    "+CIUPDATE",
    "Update from the update server",
    (
        ("pick", "ota_mode", (0, 1)),  # 0 HTTP; 1 HTTPS
        ("str", "version", 1, 32, None),
        ("str", "firmware_name", 1, 16, None),
        # 0 the command ends with the update; 1 the update goes on in the background
        ("pick", "nonblocking", (0, 1), 0),
    ),
    words={
        "state": (
            "0 nothing done yet; 1 server found; 2 connected; 3 version known; 4 done; -1 failed"
        )
    },
)


@CIUPDATE.query
def ciupdate_query(at):
    """`+CIPUPDATE:<state>`, with the name of the messages, as the manual prints it."""
    at.line("+CIPUPDATE:%d" % at.update.state)


@CIUPDATE.set
async def ciupdate_set(at, mode, version, name, nonblocking):
    """`firmware_name`: `ota`, the firmware; a user partition; or a certificate like `mqtt_ca`.

    Blocking, the module restarts into a new firmware after OK; non-blocking, the host restarts it
    after `+CIPUPDATE:4`. A failure leaves the old firmware in force, but not a user partition.
    """
    version = None if version is None else _word(version, 1)
    name = FIRMWARE if name is None else _word(name, 2)
    at.update.need_idle()
    if nonblocking:
        at.update.in_background(
            mode == 1, version, name, lambda state: at.emit("update_state", state)
        )
        return
    await _update(at, mode == 1, version, name)


@CIUPDATE.run
async def ciupdate_run(at):
    """Update the firmware to the newest version by HTTP, blocking."""
    await _update(at, False, None, FIRMWARE)


async def _update(at, is_secure, version, name):
    await at.update.from_server(
        is_secure, version, name, lambda state: at.line("+CIPUPDATE:%d" % state)
    )
    if name == FIRMWARE:
        at.then(at.restart)


def _word(value, index):
    """Return a name for a URL as str; it is parameter `index`, counted from 0."""
    for c in value:
        if not (0x30 <= c <= 0x39 or 0x41 <= c <= 0x5A or 0x61 <= c <= 0x7A or c in b"._-"):
            raise invalid(index, "names have letters, digits, dots, hyphens and underscores only")
    return value.decode()


USEROTA = command(
    "+USEROTA",
    "Update the firmware from a URL",
    (("int", "url_len", 1, 8192),),  # bytes
)


@USEROTA.set
async def userota_set(at, length):
    """The URL follows as payload, http or https; the module restarts after OK.

    The certificate of an HTTPS server is checked only if mfg_nvs holds an authority for that, in
    the namespace and key `ota_ca`. After ERROR the old firmware stays.
    """
    at.update.need_idle()
    address = bytes(await at.prompt(length))
    at.port.message(b"\r\nRecv %d bytes\r\n" % length)
    await at.update.from_url(address)
    at.then(at.restart)
