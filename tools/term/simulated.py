"""A simulated module for the terminal: what `make run` boots and talks to."""

from __future__ import annotations

import ctypes
import json
import signal
import socket
import subprocess
import sys

from tools.simulator import options, worldfile
from tools.simulator.errors import WorldError

FOLDER = options.ROOT / "build/run"
_PR_SET_PDEATHSIG = 1
_LOG_TAIL = 4096


class Died(Exception):
    """The module or its simulator has ended by itself."""


def _die_with_parent() -> None:
    """Let the kernel end this process when its parent dies without a word."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Simulated:
    """A module of its own in build/run; `arguments` are those of tools/atsim and win over that."""

    def __init__(self, arguments: list[str]) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        own = {"link": "tty", "state": "flash", "control": "control.sock", "log": "uart0.log"}
        words = [word for key, name in own.items() for word in (f"--{key}", str(FOLDER / name))]
        given = options.parse([*words, *arguments])
        self.link, self.control, self.log = given.link, given.control, given.log
        self._world = given.world
        self._process = subprocess.Popen(
            [sys.executable, options.ROOT / "tools/atsim", *words, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is ours, the simulator is ended by stop()
            preexec_fn=_die_with_parent,  # noqa: PLW1509  (there are no threads)
        )

    def wait_ready(self) -> None:
        """Wait for the first `ready`; its bytes are still to be read. Died if it fails."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        if not line.startswith("UART1 ready: "):
            raise Died(f"the simulator did not start (exit status {self._process.wait()})")

    def greeting(self) -> list[str]:
        """Return what one wants to know of the world at the start."""
        lines = ["Connected to UART1 of a simulated module. Ctrl-] quits, :help helps."]
        try:
            world = worldfile.load(self._world)
        except WorldError:
            return lines
        for ap in world["ap"][:1]:
            key = ap["password"].replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'network   AT+CWJAP="{ap["ssid"]}","{key}"')
        lines.append(f"this PC   {world['dhcp']['gateway']}, as the module sees it")
        lines.append(f"log       {self.log}")
        lines.append(f"world     tools/world --control {self.control} --help, or :world")
        return lines

    def reason(self, line: str) -> str:
        """Return what the module's log says of the refusal of a line, "" if nothing."""
        name = line.partition("=")[0].rstrip("?")
        told = ""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - _LOG_TAIL))
                for each in file.read().decode("utf-8", "replace").splitlines():
                    _, found, text = each.partition(f") {name}: ")  # (milliseconds) name: text
                    told = text if found else told
        except OSError:
            pass
        return told

    def crashed(self) -> bool:
        """Tell whether the firmware has crashed since the start."""
        try:
            with socket.socket(socket.AF_UNIX) as control:
                control.settimeout(5)
                control.connect(str(self.control))
                control.sendall(b'{"do": "status"}\n')
                return bool(json.loads(control.makefile("rb").readline())["crashes"])
        except (OSError, ValueError):
            return True

    def stop(self) -> None:
        """End the simulator."""
        self._process.terminate()
        self._process.wait()
