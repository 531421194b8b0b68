"""The composition root: the only place that constructs and connects."""

import asyncio
import os
import sys

import atchip

import atlink
import atnet
from at.command import find
from at.log import log
from at.port import Port
from at.services import chip
from at.services.clock import Clock
from at.services.flash import Flash
from at.services.mfg import Mfg
from at.services.power import Power
from at.services.wifi import Wifi
from at.session import Session
from at.settings import Settings

# Services that are built, by create(at) of their module, when a command first asks for them.
_ON_DEMAND = {
    "files": "files",
    "http": "http",
    "i2c": "i2c",
    "links": "links",
    "long": "sending",
    "mdns": "mdns",
    "mqtt": "mqtt",
    "names": "names",
    "passthrough": "passthrough",
    "ping": "ping",
    "pins": "pins",
    "pwm": "pwm",
    "server": "server",
    "sntp": "sntp",
    "sockets": "sockets",
    "spi": "spi",
    "tls": "tls",
    "update": "update",
    "userram": "userram",
    "webserver": "webserver",
    "websocket": "websocket",
}

_USER = "user"  # folder of commands that a user adds, imported at boot
_FLUSH_MS = 1000  # how long the last words before a restart may take


class App:
    """The firmware: services, settings and session, wired together."""

    def __init__(self):
        settings = Settings()
        mfg = Mfg(log)
        uart_pins = _uart_pins(mfg)
        uart = atlink.UART(mfg.factory("uart_port", 1), *uart_pins)
        at = self.session = Session(uart, Port(uart, log), settings, log)
        power = Power(at.port)
        wifi = Wifi(settings, mfg, power, at.emit, log)
        at.attach(mfg=mfg, flash=Flash(), clock=Clock(), power=power, wifi=wifi)
        at.attach(restart=self._restart, heap=atchip.heap, versions=atchip.versions)
        at.attach(module_name=mfg.factory("module_name", "MINI-1"))
        at.attach(factory_uart=(mfg.factory("uart_baudrate", 115200), 8, 1, 0, 0))
        at.attach(uart_pins=uart_pins)
        at.attach(transparent_interval_ms=20)  # AT+TRANSINTVL
        at.port.attach(atnet.down_gate)
        uart.config(*(settings.get("uart") or at.factory_uart))
        at.on_demand = _ON_DEMAND
        find("")  # AT itself is answered however short memory gets
        _import_user(at)

    def run(self):
        """Announce the start and serve the port for ever."""
        at = self.session
        at.port.raw(b"\r\nready\r\n")
        if at.settings.get("translink")[0]:
            at.start_after(at.pass_through(None, at.passthrough.kept_route()))
        elif at.settings.get("socket_autott")[0]:
            find("+SOCKETAUTOTT")  # its group is imported by the look-up alone
            from at.commands.aithinker import autostart

            at.start_after(autostart(at))
        else:
            at.start()
        chip.start()
        asyncio.run(self._serve())

    async def _serve(self):
        try:
            self.session.wifi.start()
        except OSError as error:
            log("wifi: the driver does not start:", error)
        if self.session.settings.get("sntp")[0]:
            self.session.sntp.start()
        self.session.flash.confirm()  # the new firmware has come so far: it works
        await asyncio.Event().wait()

    def _restart(self):
        """Say good-bye to the access point, let that leave the wire, and start afresh."""
        self.session.wifi.farewell()
        self.session.uart.flush(_FLUSH_MS)
        self.session.power.restart()


def _uart_pins(mfg):
    """Return the pins of the AT port: TX, RX, CTS, RTS."""
    return (
        mfg.factory("uart_tx_pin", 17),
        mfg.factory("uart_rx_pin", 21),
        mfg.factory("uart_cts_pin", 20),
        mfg.factory("uart_rts_pin", 19),
    )


def _import_user(at):
    """Import user/*.py in the order of names; a broken file is logged and skipped."""
    try:
        names = sorted([name for name in os.listdir(_USER) if name.endswith(".py")])
    except OSError:  # no such folder
        return
    if names:
        import socket

        socket.resolver = at.names.resolve_now
    for name in names:
        try:
            __import__(_USER + "." + name[:-3])
            log("user: loaded", name)
        except Exception as error:  # noqa: BLE001 - a user's file may raise anything
            log("user: skipped", name)
            sys.print_exception(error)
