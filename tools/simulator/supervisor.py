"""The supervisor: starts the firmware, restarts it, and does what lies outside the chip.

Owns the life of the module: power, resets, deep sleep, crashes. Composes all other parts.
"""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.simulator import process, userfiles, worldfile
from tools.simulator.boardfile import ALWAYS, NO_HEAP, NO_TIMER, BoardFile
from tools.simulator.bus import Bus
from tools.simulator.chippower import ChipPower
from tools.simulator.control import Control, field
from tools.simulator.errors import CommandError, SimulatorError
from tools.simulator.flashimage import FlashImage
from tools.simulator.internet import Internet
from tools.simulator.line import DirectLine, Hosts, Relay
from tools.simulator.loop import Loop
from tools.simulator.options import Options
from tools.simulator.pacing import PacedRelay
from tools.simulator.pty import Pty
from tools.simulator.silence import Silence
from tools.simulator.wifi.acts import AirActs
from tools.simulator.wifi.driver import Driver
from tools.simulator.world import World

# esp_reset_reason_t
POWER_ON, SOFTWARE, PANIC, TASK_WDT, DEEP_SLEEP, BROWN_OUT = 1, 3, 4, 6, 8, 9
_REASONS = {
    POWER_ON: "power-on",
    SOFTWARE: "reset",
    PANIC: "crash",
    TASK_WDT: "watchdog",
    DEEP_SLEEP: "deep sleep over",
    BROWN_OUT: "brown-out",
}
_BACK_OFF_S = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_HOPELESS = 6  # crashes of a firmware that never was ready
_STEADY_S = 5.0  # a crash after so much life counts as a first one
# How many times longer the chip's processor, at 240 MHz, needs for the same bytecode: an estimate.
_SLOWNESS = 80
_MAX_CUT = 2**32 - 1
_ERR_OTA_VALIDATE_FAILED = 0x1503


class Supervisor:
    """One simulated module, from power-on until a signal ends the program."""

    def __init__(self, options: Options, loop: Loop, command: list[str], firmware: Path) -> None:
        self._options = options
        self._loop = loop
        self._command = command
        self._log_file = _open_log(options.log)
        self._flash = FlashImage(options.state / "flash.img", firmware, erase=options.erase)
        if options.user:
            userfiles.install(self._flash.view("vfs"), options.user)
        self._board = BoardFile(options.state / "board", options.mac)
        self._world = World(worldfile.load(options.world), self._board, self._emit)
        self._internet = Internet(loop, self._world, self._emit, self.say)
        self._chip = ChipPower()
        lease = (self._world.address, self._world.dhcp["netmask"], self._world.dhcp["gateway"])
        mac = options.mac.hex(":")
        self._wifi = Driver(loop, self._world.aps, lease, mac, self._emit, self._chip.set_started)
        self._silence = Silence(loop, options.give_up_s, self._look_at_air)
        self._air = AirActs(self._world.aps, self._wifi)
        self._pty = Pty(options.link)
        self._hosts: Hosts | None = None
        self._line = self._make_line()
        self._process: process.FirmwareProcess | None = None
        self._bus: Bus | None = None
        self._wake: Any = None
        self._started = 0.0
        self._crashes = 0
        self._uart: list[int] | None = None
        self._announced = False
        self._state: dict[str, Any] = {
            "restarts": -1,
            "crashes": 0,
            "ready": False,
            "reset": "",
            "moved_ports": {},
        }
        self._control = Control(loop, options.control, self._commands())

    def _make_line(self) -> DirectLine | Relay:
        if not self._options.tcp and not self._options.baud_timing:
            return DirectLine(self._pty)
        self._hosts = Hosts(self._loop, self._pty, self._options.tcp)
        kind = PacedRelay if self._options.baud_timing else Relay
        return kind(self._loop, self._hosts, self._on_ready)

    def say(self, text: str) -> None:
        """Write a line of our own to the module's log."""
        os.write(self._log_file, f"atsim: {text}\n".encode())

    # The module's life.

    def power_on(self) -> None:
        """Give the module power; what only power keeps is as new."""
        self._board.power_on(POWER_ON)
        self._world.power_on()
        self._crashes = 0
        self._start(POWER_ON)

    def _start(self, reason: int) -> None:
        slot = self._flash.slot()
        self._board.start(reason)
        self._chip.restart()
        self._wifi.restart()
        self._look_at_air()
        self._uart = None
        self._state["restarts"] += 1
        self._state["ready"] = False
        self._state["moved_ports"] = {}
        self._state["reset"] = _REASONS[reason]
        self.say(f"start of slot ota_{slot}: {_REASONS[reason]}")
        boot_s = self._options.boot_ms / 1000
        self._wake = self._loop.after(boot_s, lambda: self._launch(slot)) if boot_s else None
        if not boot_s:
            self._launch(slot)

    def _launch(self, slot: int) -> None:
        """Let the firmware run, once ROM code and boot loader have had their time."""
        environment = {
            "SIM_FLASH": str(self._flash.path),
            "SIM_RTC": str(self._board.path),
            "SIM_SLOT": str(slot),
            "SIM_SLOW": str(_SLOWNESS if self._options.slow else 0),
            "SIM_WATCHED": str(int(self._options.web is not None)),
            "ATLINK_ROUTES": self._internet.routes(),
        }
        self._wake = None
        self._started = time.monotonic()
        self._process = process.FirmwareProcess(
            self._command, environment, self._line.firmware_end(), self._log_file
        )
        self._line.started()
        self._bus = Bus(self._loop, self._process, self._requests(), self._reports(), self.say)

    def child_ended(self) -> None:
        """Look whether the firmware's process has ended, and go on as its status says."""
        status = self._process.ended() if self._process else None
        if status is None:
            return
        self._let_go()
        self._world.restart()
        self._internet.restart()
        if status == process.RESET:
            self._start(SOFTWARE)
        elif status == process.SLEEP:
            self._sleep(self._board.sleep_ms)
        elif status == process.POWER_CUT:
            self.say("power cut during a flash operation")
            self.power_on()
        else:
            self._crashed(status)

    def _let_go(self) -> None:
        assert self._process is not None
        assert self._bus is not None
        self._bus.close()
        self._process.close()
        self._process = self._bus = None
        if isinstance(self._line, Relay):
            self._line.disconnect()

    def _sleep(self, ms: int) -> None:
        if ms == NO_TIMER:
            self.say("deep sleep until the power is cycled")
            return
        self.say(f"deep sleep for {ms} ms")
        self._wake = self._loop.after(ms / 1000, lambda: self._start(DEEP_SLEEP))

    def _crashed(self, status: int) -> None:
        if time.monotonic() - self._started > _STEADY_S:
            self._crashes = 0
        delay = _BACK_OFF_S[min(self._crashes, len(_BACK_OFF_S) - 1)]
        self._crashes += 1
        self._state["crashes"] += 1
        if not self._announced and self._state["crashes"] >= _HOPELESS:
            raise SimulatorError(
                f"the firmware does not come up: {_HOPELESS} crashes, the last one "
                f"{process.describe(status)}; log: {self._options.log or 'the lines above'}"
            )
        text = f"the firmware crashed ({process.describe(status)}), starting again in {delay} s"
        self.say(text)
        if self._options.log is not None:
            print(f"atsim: {text}; its log is in {self._options.log}", file=sys.stderr, flush=True)
        reason = TASK_WDT if status == process.WATCHDOG else PANIC
        self._wake = self._loop.after(delay, lambda: self._start(reason))

    def _power_off(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if self._process is not None:
            self._process.kill()
            self._let_go()
            self._internet.restart()

    def close(self) -> None:
        """End the firmware and remove what stands in the file system for it."""
        self._power_off()
        self._internet.close()
        self._control.close()
        self._line.close()
        self._pty.close()

    # What the firmware says.

    def _on_ready(self) -> None:
        self._state["ready"] = True
        if not self._announced:
            self._announced = True
            with suppress(OSError):  # nobody reads our output; the module runs all the same
                print(f"UART1 ready: {self._options.link}", flush=True)

    def _requests(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        return {
            "verify_image": self._verify_image,
            **self._chip.requests,
            **self._world.requests,
            "wifi": self._ask_wifi,
            **self._internet.requests,
        }

    def _ask_wifi(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = self._wifi.requests["wifi"](request)
        self._look_at_air()
        return answer

    def _verify_image(self, request: dict[str, Any]) -> dict[str, Any]:
        valid = self._flash.verify(request["address"], request["size"])
        return {} if valid else {"esp_err": _ERR_OTA_VALIDATE_FAILED}

    def _reports(self) -> dict[str, Callable[[dict[str, Any]], None]]:
        return {
            "uart": lambda report: self._on_uart(report["uart"]),
            "uart_tx": lambda _: self._on_sent(),
            "pin": lambda report: self._world.pin_changed(**report),
            "moved": lambda report: self._moved(*report["moved"]),
            "power_save": lambda report: self._chip.set_power_save(**report),
        }

    def _on_uart(self, settings: list[int]) -> None:
        self._uart = settings
        self._line.configure(settings)

    def _moved(self, port: int, real: int) -> None:
        """Say where a server really listens, as this user may not use its port."""
        self._state["moved_ports"][str(port)] = real
        with suppress(OSError):
            print(f"the module's port {port} is port {real} of this PC", flush=True)

    def _on_sent(self) -> None:
        """Take the first bytes for `ready`: the firmware says nothing before it."""
        if isinstance(self._line, DirectLine):
            self._on_ready()

    def _look_at_air(self) -> None:
        silence = self._silence.look(self._wifi.is_away)
        self._board.set_air(self._wifi.addresses, silence)

    def _emit(self, event: tuple) -> None:
        self._look_at_air()
        if self._bus is not None:
            self._bus.emit(event)

    # Control commands.

    def _commands(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        return {
            **self._world.commands,
            **{name: self._air_act(act) for name, act in self._air.commands.items()},
            **self._internet.commands,
            "power_cycle": self._power_cycle,
            "brown_out": self._brown_out,
            "power_cut_after_flash_writes": self._power_cut,
            "uart": self._uart_command,
            "forget_silence": self._forget_silence,
            "fault": self._fault,
            "status": self._status,
        }

    def _air_act(
        self, act: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def done(command: dict[str, Any]) -> dict[str, Any]:
            answer = act(command)
            self._look_at_air()
            return answer

        return done

    def _power_cycle(self, _: dict[str, Any]) -> dict[str, Any]:
        self._power_off()
        self.say("power off")
        self.power_on()
        return {}

    def _brown_out(self, _: dict[str, Any]) -> dict[str, Any]:
        """Let the supply sag: the chip resets itself, RTC memory and clock go on."""
        self._power_off()
        self._world.restart()
        self._start(BROWN_OUT)
        return {}

    def _power_cut(self, command: dict[str, Any]) -> dict[str, Any]:
        operations = field(command, "n", worldfile.integer(0, _MAX_CUT))
        if operations == 0:
            return self._power_cycle(command)
        self._board.power_cut_after(operations)
        return {}

    def _forget_silence(self, _: dict[str, Any]) -> dict[str, Any]:
        self._board.forget_silence()
        return {}

    def _fault(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let calls of the chip fail, as in

        {"call": "atchip.ping", "error": 257, "skip": 0, "times": 1}.

        "call" may end with a star; "error" is an esp_err_t, or "MemoryError"; "times" 0 is for
        ever. Calls are allocations as well: heap.python of Python's heap, heap.c of the system's;
        these just find no memory, until the next start. Without "call" none fails any more. The
        answer tells of the order before: how often a call failed, and which one last.
        """
        hits, hit = self._board.fault
        if "call" not in command:
            self._board.set_fault("", 0, 0, 0)
            return {"hits": hits, "call": hit}
        call = field(command, "call", worldfile.text(1, 47))
        is_heap = command.get("error") == "MemoryError"
        code = NO_HEAP if is_heap else field(command, "error", worldfile.integer(-1, 0xFFFF))
        given = {"skip": 0, "times": 1, **command}
        skip = field(given, "skip", worldfile.integer(0, ALWAYS - 1))
        times = field(given, "times", worldfile.integer(0, ALWAYS - 1))
        self._board.set_fault(call, code, skip, times or ALWAYS)
        return {"hits": hits, "call": hit}

    def _uart_command(self, command: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(self._line, PacedRelay):
            raise CommandError("the line has no signals without --baud-timing")
        self._line.cts = field(command, "cts", worldfile.integer(0, 1))
        return {}

    def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        names = ("baud", "bits", "stop", "parity", "flow")
        settings = dict(zip(names, self._uart, strict=True)) if self._uart else {}
        tcp = self._hosts.address if self._hosts else None
        return {
            **self._state,
            "pid": self._process.pid if self._process else None,
            "link": str(self._options.link),
            "tcp": f"{tcp[0]}:{tcp[1]}" if tcp else None,
            "uart": {**settings, **self._line.counters},
            "pins": {str(pin): state for pin, state in sorted(self._world.pins.items())},
            "awake_pins": sorted(self._chip.awake_pins),
            "flash_writes": self._board.flash_writes,
            "fault_hits": self._board.fault[0],
            "loop_silence_ms": self._board.silence_ms,
            "loop_silence_flash_ms": self._board.silence_flash_ms,
            "heap": {**self._board.heap(), "c_blocks": self._board.c_blocks},
            "mac": self._options.mac.hex(":"),
            "world": {**self._world.status(), **self._air.status()},
            "wifi": self._wifi.status(),
        }


def _open_log(path: Path | None) -> int:
    if path is None:
        return os.dup(2)
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o644)
