"""Run a simulated module (tools/atsim) as a child process, for tests, benchmarks and fuzzing.

Owns the process, its files in one folder and the control socket. What the world's commands mean
is decided by the simulator; the AT conversation is the work of tools/host/atclient.py.
"""

from __future__ import annotations

import json
import os
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tools.host.atclient import Module, Observer

ROOT = Path(__file__).resolve().parents[2]
ATSIM = ROOT / "tools" / "atsim"

# Short words of an act and the names of its fields, in order (`! gpio 12 1`).
ACTS: dict[str, tuple[str, ...]] = {
    "ap_down": ("ssid",),
    "ap_up": ("ssid",),
    "ap_rssi": ("ssid", "rssi"),
    "ap_dhcp": ("ssid", "on"),
    "ap_full": ("ssid", "on"),
    "wps": ("ssid",),
    "station_join": ("mac",),
    "station_leave": ("mac",),
    "station_silent": ("mac",),
    "power_cycle": (),
    "brown_out": (),
    "forget_silence": (),
    "power_cut": ("n",),
    "power_cut_after_flash_writes": ("n",),
    "dns": ("name", "ip"),
    "gpio": ("pin", "level"),
    "adc": ("pin", "mv"),
    "wave": ("pin", "is"),
    "status": (),
}
_NUMBERS = frozenset(("rssi", "n", "on", "pin", "level", "mv"))


class SimulatorError(RuntimeError):
    """The simulator did not start, died, or refused an act."""


def parse_act(text: str) -> dict[str, Any]:
    """Turn ``gpio 12 1`` or a JSON object into a command of the control socket.

    ValueError names the words that do not fit.
    """
    if text.lstrip().startswith("{"):
        return dict(json.loads(text))
    words = shlex.split(text)
    fields = ACTS.get(words[0]) if words else None
    if fields is None:
        raise ValueError(f"unknown act {text!r}; known: {', '.join(ACTS)}")
    if len(words) - 1 != len(fields):
        raise ValueError(f"{words[0]} takes {len(fields)} words ({', '.join(fields)}): {text!r}")
    act: dict[str, Any] = {"do": words[0]}
    if words[0] == "power_cut":
        act["do"] = "power_cut_after_flash_writes"
    for field, word in zip(fields, words[1:], strict=True):
        act[field] = int(word, 0) if field in _NUMBERS else word
    if act.get("ip") == "null":
        act["ip"] = None
    return act


class Simulator:
    """One simulated module with its own flash, link and control socket in a folder."""

    def __init__(
        self,
        folder: Path | str,
        *,
        bits: int = 64,
        sanitize: bool = False,
        options: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
        prefix: tuple[str, ...] = (),
        checkout: Path = ROOT,
    ) -> None:
        """Prepare; options are further arguments of tools/atsim, for example ``--baud-timing``.

        prefix is put in front of the command line, to run it in a network of its own, say.
        Another checkout than this one has its own firmware and its own tools/atsim.
        """
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.link = self.folder / "tty"
        self.control = self.folder / "control"
        self.log_path = self.folder / "uart0.log"
        self._checkout = checkout
        self._arguments = [
            *prefix,
            # Else it would look for the right Python itself, at each of thousands of starts.
            *((sys.executable,) if sys.prefix == str(checkout / "build" / "venv") else ()),
            str(checkout / "tools" / "atsim"),
            *("--link", str(self.link), "--state", str(self.folder / "flash")),
            *("--control", str(self.control), "--log", str(self.log_path)),
            *("--bits", str(bits)),
            *(("--boot-ms", "0") if "--boot-ms" not in options and checkout == ROOT else ()),
            *(("--sanitize",) if sanitize else ()),
            *options,
        ]
        self._environment = environment or {}
        self._process: subprocess.Popen[str] | None = None

    def put_user_file(self, name: str, text: str) -> None:
        """Put a file into the module's user/ folder from the next start on."""
        folder = self.folder / "user"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)
        if "--user" not in self._arguments:
            self._arguments += ["--user", str(folder)]

    def start(self, *, erase: bool = False, timeout_s: float = 120.0) -> Simulator:
        """Start and wait for the module's first ``ready``; the flash is kept unless erase."""
        with (self.folder / "atsim.err").open("w") as errors:
            self._process = subprocess.Popen(
                self._arguments + (["--erase"] if erase else []),
                cwd=self._checkout,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **self._environment},
            )
        self._wait_line("UART1 ready:", timeout_s)
        return self

    def stop(self, timeout_s: float = 120.0) -> int:
        """End it as a terminal would (SIGTERM) and return the exit status."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise SimulatorError("the simulator did not end after SIGTERM") from None
        finally:
            if process.stdout:
                process.stdout.close()

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Return the process id of the supervisor."""
        if self._process is None:
            raise SimulatorError("the simulator is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Tell whether the supervisor lives."""
        return self._process is not None and self._process.poll() is None

    def how_it_ended(self, timeout_s: float = 5.0) -> str:
        """Say how the program ended, and the last that it and the module's log said.

        It may be about to end: its port and its control socket go first. Empty if it runs on.
        """
        if self._process is None:
            return "the simulator was not started"
        try:
            status = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return ""
        errors = (self.folder / "atsim.err").read_text(errors="replace")
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        return (
            f"the simulator ended {how}; it said:\n{errors[-3000:]}\n"
            f"the log's end:\n{self.log_text()[-2000:]}"
        )

    def module(self, *, observer: Observer | None = None, timeout_s: float = 10.0) -> Module:
        """Open the AT port."""
        return Module(str(self.link), observer=observer, timeout_s=timeout_s)

    def act(self, command: str | dict[str, Any], timeout_s: float = 30.0) -> dict[str, Any]:
        """Change the world, in short words or as a control command, and return the answer."""
        message = parse_act(command) if isinstance(command, str) else command
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(timeout_s)
            sock.connect(str(self.control))
            sock.sendall(json.dumps(message).encode() + b"\n")
            with sock.makefile("rb") as lines:
                line = lines.readline()
        if not line:
            raise SimulatorError(f"{message}: no answer; {self.how_it_ended() or 'it runs on'}")
        answer = json.loads(line)
        if answer.get("ok") is False or "error" in answer:
            raise SimulatorError(f"{message}: {answer}")
        return answer

    def log_text(self, start: int = 0) -> str:
        """Return what the module printed on its log port (UART0) so far, from a byte on."""
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as log:
            log.seek(start)
            return log.read().decode(errors="surrogateescape")

    def wait_log(self, text: str, timeout_s: float = 20.0) -> str:
        """Wait until text stands in the log and return the whole log."""
        until = time.monotonic() + timeout_s
        while text not in (log := self.log_text()):
            if time.monotonic() > until:
                raise SimulatorError(f"{text!r} is not in the log:\n{log[-2000:]}")
            time.sleep(0.02)
        return log

    def _wait_line(self, start: str, timeout_s: float) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            ready = selector.select(timeout_s)
        line = self._process.stdout.readline() if ready else ""
        if not line.startswith(start):
            self.stop()
            errors = (self.folder / "atsim.err").read_text(errors="replace")
            raise SimulatorError(
                f"the simulator did not say {start!r} but {line!r}\n{errors[-3000:]}\n"
                f"{self.log_text()[-3000:]}"
            )
