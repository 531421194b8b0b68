"""The composition root: the only place that constructs and connects."""

import asyncio
import gc
import os
import sys
from socket import set_resolver

import atchip

import atlink
import atnet
from at.commands.aithinker import autostart
from at.log import log
from at.loop import watch_over
from at.port import Port
from at.services import (
    chip,
    customize,
    files,
    http,
    i2c,
    links,
    mdns,
    mqtt,
    names,
    passthrough,
    ping,
    pins,
    pwm,
    sending,
    server,
    sntp,
    sockets,
    spi,
    tls,
    trust,
    update,
    userram,
    webserver,
    websocket,
    wifi_scan,
)
from at.services.clock import Clock
from at.services.flash import Flash
from at.services.guard import LOOK_MS, Guard
from at.services.mfg import Mfg
from at.services.power import Power
from at.services.wifi import Wifi
from at.session import Session
from at.settings import Settings

# Functions (session) that build a service when a command first asks for it.
_ON_DEMAND = {
    "files": files.create,
    "http": http.create,
    "i2c": i2c.create,
    "links": links.create,
    "long": sending.create,
    "mdns": mdns.create,
    "mqtt": mqtt.create,
    "names": names.create,
    "passthrough": passthrough.create,
    "ping": ping.create,
    "pins": pins.create,
    "pwm": pwm.create,
    "scan": wifi_scan.create,
    "server": server.create,
    "sntp": sntp.create,
    "sockets": sockets.create,
    "spi": spi.create,
    "tls": tls.create,
    "trust": trust.create,
    "update": update.create,
    "userram": userram.create,
    "webserver": webserver.create,
    "websocket": websocket.create,
}

_USER = "user"  # folder of commands that a user adds, imported at boot
_FLUSH_MS = 1000  # how long the last words before a restart may take


class App:
    """The firmware: services, settings and session, wired together."""

    def __init__(self):
        settings = Settings()
        gc.collect()  # what is made now stays: not above the garbage of reading them
        guard = self.guard = Guard(settings)
        mfg = Mfg(log)
        uart, uart_pins = _open_uart(mfg)
        at = self.session = Session(uart, Port(uart, log), settings, log)
        power = Power(at.port)
        wifi = Wifi(settings, mfg, power, at.emit, log)
        at.attach(mfg=mfg, flash=Flash(mfg), clock=Clock(), power=power, wifi=wifi)
        at.attach(
            restart=self._restart,
            heap=atchip.heap,
            ram=atchip.ram_figures,
            versions=atchip.versions,
        )
        at.attach(module_name=mfg.factory("module_name", "MINI-1"))
        at.attach(factory_uart=(mfg.factory("uart_baudrate", 115200), 8, 1, 0, 0))
        at.attach(uart_pins=uart_pins)
        at.attach(transparent_interval_ms=20)  # AT+TRANSINTVL
        at.port.attach(atnet.down_gate)
        _configure(uart, settings.get("uart") or at.factory_uart)
        at.on_demand = _ON_DEMAND
        if not guard.is_safe:
            _import_user(at)

    def run(self):
        """Announce the start and serve the port for ever."""
        at = self.session
        at.port.raw(b"\r\nready\r\n")
        if self.guard.is_safe:
            at.start()
        elif at.settings.get("translink")[0]:
            at.start_after(passthrough.pass_through(at, None, at.passthrough.kept_route()))
        elif at.settings.get("socket_autott")[0]:
            at.start_after(autostart(at))
        else:
            at.start()
        chip.start()
        asyncio.run(self._serve())

    async def _serve(self):
        watch_over(self._look, LOOK_MS)
        self._try("Wi-Fi", lambda at: at.wifi.start(join=not self.guard.is_safe))
        if self.session.settings.get("sntp")[0]:
            self._try("SNTP", lambda at: at.sntp.start())
        self._try("the update", lambda at: at.flash.confirm())  # it has come so far: it works
        self._try("the second partition table", lambda _: customize.check(log))
        await asyncio.Event().wait()

    def _look(self):
        """Look after the parts; what memory was too short for gets another try."""
        self.guard.look()
        try:
            chip.deliver()
            self.session.wifi.look()
            self.session.port.see_to_tasks()
        except Exception as error:  # noqa: BLE001 - there is a next time
            log("put off once more:", error)

    def _try(self, what, start):
        """Start a part that the AT port can do without: a restart would not make it better."""
        try:
            start(self.session)
        except Exception as error:  # noqa: BLE001 - a module that answers is of more use than none
            log("%s does not start:" % what, error)

    def _restart(self):
        """Say good-bye to the access point, let that leave the wire, and start afresh."""
        try:
            self.session.wifi.farewell()
        except Exception:  # noqa: BLE001 - the restart is due all the same, and more so
            pass
        self.session.uart.flush(_FLUSH_MS)
        self.session.power.restart()


class _Board:
    """Stands for manufacturing data that nobody wrote: the values of the board."""

    def factory(self, _, default):
        """Return the default."""
        return default


def _uart_pins(mfg):
    """Return the pins of the AT port: TX, RX, CTS, RTS."""
    _, tx, rx, cts, rts = atchip.board()
    return (
        mfg.factory("uart_tx_pin", tx),
        mfg.factory("uart_rx_pin", rx),
        mfg.factory("uart_cts_pin", cts),
        mfg.factory("uart_rts_pin", rts),
    )


def _open_uart(mfg):
    """Return the AT port and its pins; those of the board if the factory parameters are bad."""
    pins = _uart_pins(mfg)
    try:
        return atlink.UART(mfg.factory("uart_port", 1), *pins), pins
    except (OSError, TypeError, ValueError) as error:
        log("uart: the factory parameters do not fit (%s), using the board's" % error)
        pins = _uart_pins(_Board())
        return atlink.UART(1, *pins), pins


def _configure(uart, wanted):
    """Set the port's rate and format, those it has at power-up if the wanted ones are bad."""
    try:
        uart.config(*wanted)
    except (OSError, TypeError, ValueError) as error:
        log("uart: %s is refused (%s), using %s" % (wanted, error, uart.settings()))


def _import_user(at):
    """Import user/*.py in the order of names; a broken file is logged and skipped."""
    try:
        names = sorted([name for name in os.listdir(_USER) if name.endswith(".py")])
    except OSError:  # no such folder
        return
    if names:
        set_resolver(at.names.resolve_now)
    for name in names:
        try:
            __import__(_USER + "." + name[:-3])
            log("user: loaded", name)
        except Exception as error:  # noqa: BLE001 - a user's file may raise anything
            log("user: skipped", name)
            sys.print_exception(error)
