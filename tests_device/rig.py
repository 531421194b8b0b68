"""The bench a conformance run stands on: a simulated module, or a real one on a serial port.

Owns bringing the module into a known state and the acts of the world around it. What is said to
the module is up to the tests.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests_device.keeping import Keeper
from tools.host import hostacts, mqttacts, privacy
from tools.host.atclient import ATMismatch, Module, Observer
from tools.host.bytelog import ByteLog
from tools.host.hostacts import HostActs
from tools.host.mqttacts import MqttActs
from tools.host.simprocess import Simulator
from tools.peers import hostcerts, mqttbroker
from tools.peers.mqttbroker import Broker
from tools.peers.peers import Peers
from tools.transcript.grammar import Transcript

# What AT+RESTORE and a power cycle do not undo; any other act of the world is taken for lasting.
_LASTING = re.compile(
    r"SYSFLASH=|SYSMFG=|SAVETRANSLINK=1|SYSROLLBACK|USEROTA|UPDATE|SYSREG=|FS=|SSLCRET="
)
_PASSING_ACTS = (
    (hostacts.WORDS - hostacts.LASTING)
    | mqttacts.WORDS
    | {"pause", "host_baud", "power_cycle", "wave"}
)
# The access point and the host as the simulator's default world has them.
_SIM_SSID, _SIM_PASSWORD, _SIM_HOST = "espressif", "1234567890", "127.0.0.1"
_SIM_HOST6, _SIM_NAME = "::1", "peer.test"


@dataclass(frozen=True)
class RigOptions:
    """What the command line says about the bench; port None means: simulate."""

    port: str | None = None
    baud: int = 115200
    bits: int = 64
    heap: str | None = None
    slow: bool = False
    ssid: str | None = None
    password: str | None = None
    host_ip: str | None = None
    host_ip6: str | None = None
    host_name: str | None = None
    overwrite: bool = False


class Rig:
    """One module on the bench; `module` is the open AT port."""

    def __init__(
        self, options: RigOptions, folder: Path, observer: Observer | None = None
    ) -> None:
        self.options = options
        self._observer = observer
        self._folder = folder
        self._module: Module | None = None
        self._log: ByteLog | None = None  # of the port that was closed last
        self._peers: Peers | None = None
        self._host_acts: HostActs | None = None
        self._broker: Broker | None = None
        self._keeper: Keeper | None = None
        self._world: str | None = None
        self._log_start = 0
        self._spoiled = True  # AT+RESTORE does not undo what was done
        self.simulator: Simulator | None = None
        self.variables = {
            "ssid": options.ssid or _SIM_SSID,
            "password": privacy.escaped(options.password or "") if options.ssid else _SIM_PASSWORD,
            "host": options.host_ip or _SIM_HOST,
            "mine": f"{os.getpid():07}",
        }
        if self.simulated:
            self.variables |= {"host6": _SIM_HOST6, "name": _SIM_NAME}
        if options.host_ip6:
            self.variables["host6"] = options.host_ip6
        if options.host_name:
            self.variables["name"] = options.host_name
        mine = [self.variables.get(key) for key in ("host", "host6", "name")]
        hostcerts.issue(*filter(None, mine))

    @property
    def simulated(self) -> bool:
        """Tell whether the module is simulated."""
        return self.options.port is None

    def fit(self, count: int, seconds: float = 20.0) -> int:
        """Return as many bytes of `count` as a real module's port carries in some seconds."""
        return count if self.simulated else min(count, int(self.options.baud / 10 * seconds))

    def need_patience(self) -> None:
        """Skip a test in which the host does not read for a while, where that loses bytes."""
        if not self.simulated:
            pytest.skip("the port has no flow control: what a slow host does not read is lost")

    @property
    def offers(self) -> frozenset[str]:
        """Return what transcripts may need; tests_device/README.md says what the words mean."""
        given = {
            "sim": self.simulated,
            "wifi": self.simulated or self.options.ssid,
            "secret": self.variables["password"],
            "host": self.simulated or self.options.host_ip,
            "name": self.variables.get("name"),
            "data": self.simulated or self.options.overwrite,
            "ipv6": has_address(self.variables.get("host6")),
            "openssl": shutil.which("openssl"),
            "broker": mqttbroker.program("mosquitto"),
        }
        return frozenset(name for name, value in given.items() if value)

    @property
    def module(self) -> Module:
        """Return the open AT port; the first use boots a simulated module."""
        if self._module is None:
            self._open()
        assert self._module is not None
        return self._module

    @property
    def log(self) -> ByteLog | None:
        """Return the bytes of the port, be it closed by now; None if it never was open."""
        return self._module.log if self._module else self._log

    def joined(self, *, blank: bool = True) -> Module:
        """Return a module as of fresh() that has joined the access point, echo off."""
        if not {"wifi", "host"} <= self.offers:
            pytest.skip("the bench offers no access point or no host")
        module = self.fresh(blank=blank)
        module.echo_off()
        module.ok("AT+CWMODE=1")
        module.ok(f'AT+CWJAP="{self.variables["ssid"]}","{self.variables["password"]}"', 60.0)
        module.quiet(50)
        return module

    def fresh(self, *, blank: bool = True, world: str | None = None) -> Module:
        """Bring the module to factory settings, just restarted, echo on.

        A simulated module gets blank flash and a new world, unless blank is False and a power
        cycle and AT+RESTORE are enough, which takes a tenth of the time. `world` is a file of
        tools/worlds; another one than before always makes it blank.
        """
        if self.simulated:
            if blank or self._spoiled or self._world != world or not self._restored():
                self.close()
            self._spoiled = False
            self._world = world
            module = self.module
        else:
            module = self.module
            module.resync()
            module.send("AT+RESTORE")
            module.wait_ready()
        module.quiet(20)
        return module

    def _restored(self) -> bool:
        """Take a running simulated module back to factory settings; tell whether it worked."""
        if self._module is None or self.simulator is None or not self.simulator.running:
            return False
        try:
            self._module.quiet(10)
            self.simulator.act("power_cycle")
            self._module.wait_ready()
            self._module.send("AT+RESTORE")
            self._module.wait_ready(5.0)
        except (ATMismatch, OSError):
            return False
        return True

    def restart(self) -> Module:
        """Restart the module with what it has in flash, echo on."""
        module = self.module
        if self.simulator and self.simulator.running:
            module.quiet(10)
            self.simulator.act("power_cycle")
        elif self.simulated:
            return self.fresh()
        else:
            module.resync()
            module.send("AT+RST")
        module.wait_ready()
        module.quiet(20)
        return module

    def prepare(self, script: Transcript) -> Module:
        """Bring the module into the state in which a transcript begins."""
        if "host" in script.needs:
            self._start_peers()
        if "broker" in script.needs:
            MqttActs(self.broker).reset()
        if "same" in script.flags:
            module = self.module
            module.resync()
        else:
            module = self.fresh(blank=False, world=script.world)
        self._spoiled = spoils(script)
        self._log_start = len(self.simulator.log_text()) if self.simulator else 0
        if not self.simulated:
            module.echo_off()
            self._keeper = Keeper(module, script)
            if script.echo:
                module.ok("ATE1")
        elif not script.echo:
            module.echo_off()
        module.log.clear()
        return module

    def put_back(self) -> None:
        """Give a real module back what a transcript took; a simulated one begins anew."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.put_back()

    def _start_peers(self) -> None:
        """Start the servers that transcripts talk to, or clean up after the last one."""
        if self._host_acts is None:
            self._peers = Peers(self.variables["host"], self.variables.get("host6"))
            self._host_acts = HostActs(self._peers)
            self.variables |= self._peers.variables
        self._host_acts.reset()

    @property
    def broker(self) -> Broker:
        """Return the MQTT broker; the first use starts it and names its ports in variables."""
        if self._broker is None:
            self._broker = Broker(self.variables["host"])
            self.variables |= {name: str(port) for name, port in self._broker.ports.items()}
        return self._broker

    def _actor(self, text: str) -> HostActs | MqttActs | None:
        """Return who does an act of the host's end, None for an act of the world."""
        word = text.partition(" ")[0]
        if word in mqttacts.WORDS:
            return MqttActs(self.broker)
        if word in hostacts.WORDS and self._host_acts is None:
            raise ATMismatch(f"! {text}: the file lacks `needs: host`", self.module.log)
        return self._host_acts if word in hostacts.WORDS else None

    def act(self, text: str) -> None:
        """Act as the host's end of the network, or change the world around a simulated module."""
        actor = self._actor(text)
        if actor:
            try:
                actor.act(text)
            except hostacts.ActFailed as problem:
                raise ATMismatch(f"! {text}: {problem}", self.module.log) from None
            return
        if self.simulator is None:
            raise ATMismatch(f"! {text}: only a simulated module has a world", self.module.log)
        self.simulator.act(text)

    def log_tail(self, lines: int = 40) -> str:
        """Return the end of the log port since the transcript began, empty for a real module."""
        text = self.simulator.log_text()[self._log_start :] if self.simulator else ""
        return "\n".join(text.splitlines()[-lines:])

    def close(self) -> None:
        """Close the port and end the simulated module."""
        if self._module:
            self._log = self._module.log
            self._module.close()
            self._module = None
        if self.simulator:
            simulator, self.simulator = self.simulator, None
            simulator.stop()

    def end(self) -> None:
        """Close everything, the peers too."""
        self.close()
        if self._broker:
            self._broker.close()
            self._broker = None
        if self._host_acts and self._peers:
            self._host_acts.reset()
            self._peers.close()
            self._host_acts = self._peers = None

    def _open(self) -> None:
        if self.options.port is not None:
            self._module = Module(
                self.options.port,
                baud=self.options.baud,
                observer=self._observer,
                timeout_s=20.0,
                secrets=privacy.wire_forms(self.options.password or ""),
            )
            return
        world = ("--world", f"tools/worlds/{self._world}.toml") if self._world else ()
        heap = ("--heap", self.options.heap) if self.options.heap else ()
        slow = ("--slow",) if self.options.slow else ()
        options = (*world, *heap, *slow)
        simulator = Simulator(self._folder, bits=self.options.bits, options=options)
        self.simulator = simulator.start(erase=True)
        self.variables["module"] = self.simulator.act("status")["world"]["address"]
        self._module = self.simulator.module(observer=self._observer)

    def silence_ms(self) -> tuple[float, float]:
        """Return how long the loop stood still at most since the last call, and flash of it."""
        if self.simulator is None or not self.simulator.running:
            return (0.0, 0.0)
        status = self.simulator.act("status")
        self.simulator.act("forget_silence")
        return status["loop_silence_ms"], status["loop_silence_flash_ms"]


def spoils(script: Transcript) -> bool:
    """Tell whether a transcript leaves traces that a power cycle and AT+RESTORE do not undo."""
    return any(
        (step.kind in ("send", "raw") and _LASTING.search(step.text))
        or (step.kind == "act" and step.text.split(" ")[0] not in _PASSING_ACTS)
        for step in script.steps
    )


def has_address(ip6: str | None) -> bool:
    """Tell whether an IPv6 address is one of this machine."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
            sock.bind((ip6 or "", 0))
    except OSError:
        return False
    return ip6 is not None
