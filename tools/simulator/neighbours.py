"""Who else is in the world's network: hosts that answer an echo request, listeners of mDNS.

Owns the `ping` and `mdns_*` requests of the chip. Announcements are made by python-zeroconf on the
loopback interface alone, under the module's address there.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable
from typing import Any

from tools.simulator.loop import Loop

_ERR_INVALID_ARG = 0x102
_ECHO_S = 0.001
Request = dict[str, Any]


class Echo:
    """Answers echo requests for the hosts that exist."""

    def __init__(
        self, loop: Loop, emit: Callable[[tuple], None], hosts: Callable[[], set[str]]
    ) -> None:
        self._loop = loop
        self._emit = emit
        self._hosts = hosts

    def ping(self, request: Request) -> Request:
        """Take the chip's request; the event ("ping", ms) follows, ms is -1 for no answer."""
        address = ipaddress.ip_address(request["address"])
        if address.is_loopback or str(address) in self._hosts():
            self._loop.after(_ECHO_S, lambda: self._emit(("ping", 1)))
        else:
            self._loop.after(request["timeout_ms"] / 1000, lambda: self._emit(("ping", -1)))
        return {}


class Announcer:
    """Announces the module's service; probing takes time, so it happens in a thread."""

    def __init__(self, address: Callable[[], str], log: Callable[[str], None]) -> None:
        self._address = address
        self._log = log
        self._work: queue.Queue[Request | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def start(self, request: Request) -> Request:
        """Take the chip's request to announce host, instance, service, proto, port and txt."""
        if not request["service"].startswith("_") or not request["proto"].startswith("_"):
            return {"esp_err": _ERR_INVALID_ARG}
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        self._work.put(request)
        return {}

    def stop(self, _: Request | None = None) -> Request:
        """Take the announcement back."""
        if self._thread is not None:
            self._work.put({})
        return {}

    def close(self, timeout_s: float = 5.0) -> None:
        """Say good-bye to the network and end the thread."""
        if self._thread is not None:
            self._work.put(None)
            self._thread.join(timeout_s)
            self._thread = None

    def _run(self) -> None:
        from zeroconf import IPVersion, Zeroconf

        network = None
        while (request := self._work.get()) is not None:
            try:
                if network is not None:
                    network.close()
                    network = None
                if request and self._work.empty():
                    network = Zeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
                    network.register_service(self._service(request))
            except Exception as error:  # noqa: BLE001 - whatever it is, the module goes on
                self._log(f"mdns: {request.get('instance')!r} is not announced: {error!r}")
        if network is not None:
            network.close()

    def _service(self, request: Request) -> Any:
        from zeroconf import ServiceInfo

        kind = f"{request['service']}.{request['proto']}.local."
        return ServiceInfo(
            kind,
            f"{request['instance']}.{kind}",
            port=request["port"],
            properties=dict(request["txt"]),
            server=f"{request['host']}.local.",
            addresses=[socket.inet_aton(self._address())],
        )


class Searcher:
    """Looks for what others announce; in a thread, because answers take their time."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._records: list[list[Any]] = []
        self._over: threading.Event | None = None  # of the search that runs, if it is wanted

    def start(self, request: Request) -> Request:
        """Take the chip's request: name, service, proto, kind, timeout_ms, most."""
        self.end()
        over = self._over = threading.Event()
        threading.Thread(target=self._run, args=(request, over), daemon=True).start()
        return {}

    def take(self, _: Request) -> Request:
        """Return the next record, an empty one behind the last; nothing while it is looked for."""
        if self._over is not None and not self._over.is_set():
            return {}
        return {"record": self._records.pop(0) if self._records else []}

    def end(self, _: Request | None = None) -> Request:
        """Forget the search."""
        if self._over is not None:
            self._over.set()
        self._over = None
        self._records = []
        return {}

    def _run(self, request: Request, over: threading.Event) -> None:
        from tools.simulator.mdnssearch import search

        try:
            records = search(request, over)
        except Exception as error:  # noqa: BLE001 - whatever it is, the module goes on
            self._log(f"mdns: nothing can be looked for: {error!r}")
            records = []
        if self._over is over:
            self._records = records
        over.set()
