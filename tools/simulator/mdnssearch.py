"""One search by mDNS on the loopback interface, as the chip's component does it."""

from __future__ import annotations

import threading
import time
from typing import Any

from zeroconf import (
    DNSOutgoing,
    DNSQuestion,
    IPVersion,
    RecordUpdate,
    RecordUpdateListener,
    Zeroconf,
)

_A, _PTR, _TXT, _AAAA, _SRV = 1, 12, 16, 28, 33
_IN, _QUERY = 1, 0
_AGAIN_S = 1.0  # until a question is asked again
_LOOK_S = 0.02
_STATION, _IPV4 = 1, 0


class _Ear(RecordUpdateListener):
    """Collects the records that come, by (name in lower case, type)."""

    def __init__(self) -> None:
        self.heard: dict[tuple[str, int], list[Any]] = {}

    def async_update_records(self, _: Zeroconf, __: float, records: list[RecordUpdate]) -> None:
        for update in records:
            rows = self.heard.setdefault((update.new.name.lower(), update.new.type), [])
            if update.new not in rows:
                rows.append(update.new)

    def of(self, name: str, kind: int) -> list[Any]:
        return list(self.heard.get((name.lower(), kind), ()))


def search(request: dict[str, Any], over: threading.Event) -> list[list[Any]]:
    """Return what is found within the time, at most so many: as atchip.mdns_next() has them."""
    parts = [request["name"], request["service"], request["proto"], "local"]
    name = ".".join([part for part in parts if part]) + "."
    kind, most = request["kind"], request["most"]
    network = Zeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    ear = _Ear()
    network.add_listener(ear, None)
    try:
        end = time.monotonic() + request["timeout_ms"] / 1000
        asked = 0.0
        while time.monotonic() < end and not over.is_set() and len(ear.of(name, kind)) < most:
            if time.monotonic() - asked >= _AGAIN_S:
                asked = time.monotonic()
                out = DNSOutgoing(_QUERY)
                out.add_question(DNSQuestion(name, kind, _IN))
                network.send(out)
            time.sleep(_LOOK_S)
        return _records(ear, name, kind)[:most]
    finally:
        network.close()


def _records(ear: _Ear, name: str, kind: int) -> list[list[Any]]:
    found = ear.of(name, kind)
    if kind == _PTR:
        return [_service(ear, record.alias) for record in found]
    if kind in (_A, _AAAA):
        addresses = [record.address for record in found]
        return [_row(None, _label(name), 0, [], addresses)] if addresses else []
    if kind == _SRV:
        return [_row(None, _label(r.server), r.port, [], []) for r in found]
    return [_row(None, None, 0, _items(record.text), []) for record in found]


def _service(ear: _Ear, alias: str) -> list[Any]:
    """Return a service with what came beside its name."""
    host, port, addresses = None, 0, []
    for record in ear.of(alias, _SRV):
        host, port = _label(record.server), record.port
        addresses = [each.address for each in ear.of(record.server, _A)]
    items = [item for record in ear.of(alias, _TXT) for item in _items(record.text)]
    return _row(alias.partition(".")[0], host, port, items, addresses)


def _row(
    instance: str | None, host: str | None, port: int, txt: list[Any], addresses: list[bytes]
) -> list[Any]:
    import ipaddress

    texts = [str(ipaddress.ip_address(address)) for address in addresses]
    return [_STATION, _IPV4, instance, host, port, txt, texts]


def _label(name: str) -> str:
    return name.partition(".")[0]


def _items(text: bytes) -> list[list[str]]:
    items = []
    while text:
        size = text[0]
        key, _, value = text[1 : 1 + size].decode().partition("=")
        if key:
            items.append([key, value])
        text = text[1 + size :]
    return items
