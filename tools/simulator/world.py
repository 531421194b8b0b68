"""The world while it runs: what the world file began with, and what control commands changed.

Owns the list of access points, names, input pins and what the module drives; what happens in the
air is in tools/simulator/wifi, what hangs on its pins in tools/simulator/wires.
News for the module leave through `emit`, as tuples of atchip.event().
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

from tools.simulator import worldfile
from tools.simulator.boardfile import BoardFile
from tools.simulator.control import field
from tools.simulator.errors import CommandError, SimulatorError
from tools.simulator.names import hold_name
from tools.simulator.wires.i2c import I2cBuses
from tools.simulator.wires.spi import SpiBus
from tools.simulator.wires.waves import Waves

Emit = Callable[[tuple], None]
Command = dict[str, Any]


class World:
    """The state of the world; `commands` are the control commands that change it."""

    def __init__(self, content: dict[str, Any], board: BoardFile, emit: Emit) -> None:
        self.aps: list[dict[str, Any]] = content["ap"]
        self.dhcp: dict[str, Any] = content["dhcp"]
        self.dns: dict[str, list[str]] = content["dns"]
        self.clock_offset: int = content["clock"]["offset"]
        self.inputs: dict[int, int] = content["gpio"]
        self.voltages: dict[int, int] = content["adc"]
        self.pins: dict[int, dict[str, Any]] = {}
        self.power_save = 0
        self.waves = Waves()
        self.i2c = I2cBuses(content["i2c"], self.inputs.get)
        self.spi = SpiBus(content["spi"])
        self._board = board
        self._emit = emit
        self._lease = self._take_lease()
        self.commands: dict[str, Callable[[Command], dict[str, Any]]] = {
            "dns": self._dns,
            "gpio": self._gpio,
            "adc": self._adc,
            "wave": self._wave,
            "device": self._device,
        }
        self.requests = {
            "adc": lambda request: {"mv": self.voltages.get(request["pin"], 0)},
            **self.waves.requests,
            **self.i2c.requests,
            **self.spi.requests,
        }

    def power_on(self) -> None:
        """Take back what the module did to the world; inputs keep their levels."""
        self.restart()
        self.waves.stop()
        for pin, level in self.inputs.items():
            self._board.set_gpio(pin, level)

    def restart(self) -> None:
        """Forget what the module drives; a pin that it holds keeps its level."""
        self.pins = {pin: state for pin, state in self.pins.items() if state.get("hold")}
        self.power_save = 0
        self.waves.restart()
        self.i2c.restart()
        self.spi.restart()

    def status(self) -> dict[str, Any]:
        """Return the world for the status command."""
        return {
            "aps": [{key: ap[key] for key in ("ssid", "bssid", "rssi", "up")} for ap in self.aps],
            "dns": self.dns,
            "inputs": {str(pin): level for pin, level in sorted(self.inputs.items())},
            "adc": {str(pin): mv for pin, mv in sorted(self.voltages.items())},
            "address": self.address,
            "waves": self.waves.all(),
            "i2c": self.i2c.status(),
            "spi": self.spi.status(),
        }

    # What the module reports.

    def pin_changed(self, pin: int, **state: Any) -> None:
        """Note what the module drives a pin with."""
        self.pins[pin] = state

    # Control commands.

    def _dns(self, command: Command) -> dict[str, Any]:
        name = field(command, "name", worldfile.text(1, 253)).lower()
        if "ip" not in command:
            raise CommandError("ip: is missing")
        if command["ip"] is None:
            self.dns[name] = []
        else:
            self.dns[name] = field(command, "ip", worldfile.addresses)
        return {}

    def _gpio(self, command: Command) -> dict[str, Any]:
        pin = field(command, "pin", worldfile.integer(0, worldfile.GPIOS - 1))
        level = field(command, "level", worldfile.integer(0, 1))
        self.inputs[pin] = level
        self._board.set_gpio(pin, level)
        self._emit(("gpio", pin, level))
        return {}

    def _adc(self, command: Command) -> dict[str, Any]:
        pin = field(command, "pin", worldfile.integer(0, worldfile.GPIOS - 1))
        self.voltages[pin] = field(command, "mv", worldfile.integer(0, worldfile.HIGHEST_MV))
        return {}

    def _wave(self, command: Command) -> dict[str, Any]:
        """Tell what PWM is at a pin; with "is", refuse if it is something else."""
        pin = field(command, "pin", worldfile.integer(0, worldfile.GPIOS - 1))
        wave = self.waves.at(pin)
        if command.get("is", wave) != wave:
            raise CommandError(
                f"pin {pin} has {wave or 'no PWM'}, not {command['is'] or 'no PWM'}"
            )
        return {"wave": wave}

    def _device(self, command: Command) -> dict[str, Any]:
        """Change a device on a bus: {"name": N, "present": false}, registers by their number."""
        fields = {key: command[key] for key in command if key not in ("do", "name")}
        name = field(command, "name", worldfile.text(1, 32))
        devices = {device.name: device for device in (*self.i2c.devices, *self.spi.devices)}
        if name not in devices:
            raise CommandError(f"name: there is no {name!r}; there are {', '.join(devices)}")
        devices[name].change(fields)
        return {}

    # The module's address: of the range, the first that no other simulated module holds.

    def _take_lease(self) -> socket.socket:
        first = ipaddress.IPv4Address(self.dhcp["first"])
        last = ipaddress.IPv4Address(self.dhcp["last"])
        for number in range(int(first), int(last) + 1):
            self.address = str(ipaddress.IPv4Address(number))
            holder = hold_name("address", self.address)
            if holder is not None:
                return holder
        raise SimulatorError(f"all addresses from {first} to {last} belong to other modules")
