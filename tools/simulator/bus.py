"""The bus between supervisor and firmware: packets of one JSON object each.

On one socket the firmware asks and waits for an answer; on the other it reports what needs none,
and takes events of the chip (see chip/simbus.py and atchip.event).
"""

import json
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from tools.simulator.loop import READ, WRITE, Loop
from tools.simulator.process import FirmwareProcess

_PACKET = 65536
_MAX_EVENTS = 256  # kept for a firmware that does not fetch them; then the oldest goes
_ERR_INVALID_ARG = 0x102
Request = dict[str, Any]


class Bus:
    """The supervisor's end for one firmware process.

    `requests` maps the word of "op" to a function whose dict is the answer; `reports` maps the
    name of a report's first field to a function that takes the whole report.
    """

    def __init__(
        self,
        loop: Loop,
        process: FirmwareProcess,
        requests: dict[str, Callable[[Request], Request]],
        reports: dict[str, Callable[[Request], None]],
        log: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._process = process
        self._requests = requests
        self._reports = reports
        self._log = log
        self._waiting: deque[bytes] = deque(maxlen=_MAX_EVENTS)
        loop.watch(process.bus.fileno(), READ, self._on_request)
        loop.watch(process.events.fileno(), READ, self._on_events)

    def close(self) -> None:
        """Stop listening; what was reported until now is still taken."""
        self._on_events(READ)
        self._loop.watch(self._process.bus.fileno(), 0, self._on_request)
        self._loop.watch(self._process.events.fileno(), 0, self._on_events)

    def emit(self, event: tuple) -> None:
        """Send an event to the firmware; it waits here as long as the firmware is behind."""
        self._waiting.append(json.dumps({"ev": event}).encode())
        self._send_events()

    def _send_events(self) -> None:
        try:
            while self._waiting:
                self._process.events.send(self._waiting[0])
                self._waiting.popleft()
        except OSError:  # full, or the firmware just ended
            pass
        events = READ | WRITE if self._waiting else READ
        self._loop.watch(self._process.events.fileno(), events, self._on_events)

    def _on_events(self, events: int) -> None:
        if events & WRITE:
            self._send_events()
        while (report := self._receive(self._process.events)) is not None:
            handler = next((self._reports[name] for name in report if name in self._reports), None)
            if handler is None:
                self._log(f"bus: unknown report {report}")
            else:
                handler(report)

    def _on_request(self, _: int) -> None:
        request = self._receive(self._process.bus)
        if request is None:
            return
        handler = self._requests.get(request.get("op", ""))
        if handler is None:
            self._log(f"bus: unknown request {request}")
            answer = {"esp_err": _ERR_INVALID_ARG}
        else:
            answer = handler(request)
        try:
            self._process.bus.send(json.dumps(answer).encode())
        except OSError:  # it ended while it waited
            return

    def _receive(self, end: socket.socket) -> Request | None:
        """Return the next packet; None if there is none, or the process has ended."""
        try:
            packet = end.recv(_PACKET)
        except OSError:
            return None
        if not packet:
            self._loop.watch(end.fileno(), 0, self._on_events)
            return None
        try:
            content = json.loads(packet)
        except ValueError:
            content = None
        if isinstance(content, dict):
            return content
        self._log(f"bus: no JSON object: {packet!r}")
        return {"op": ""} if end is self._process.bus else None
