"""The internet of the simulated module: name servers, time servers, hosts, mDNS, and the routes.

Composes what the files beside it do, and says to the firmware (ATLINK_ROUTES, see
firmware/atlink/port_unix_route.c) where the servers really listen. A name server that is not
listed in the world file never answers; any address is a time server.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from tools.simulator.errors import CommandError
from tools.simulator.loop import Loop
from tools.simulator.nameserver import NameServer
from tools.simulator.neighbours import Announcer, Echo, Searcher
from tools.simulator.timeserver import GOOD, MOODS, TimeServer
from tools.simulator.world import World

# Name servers that the manual and most hosts know.
NAME_SERVERS = (
    *("127.0.0.1", "208.67.222.222", "8.8.8.8", "8.8.4.4", "1.1.1.1", "9.9.9.9"),
    *("114.114.114.114", "223.5.5.5", "2001:4860:4860::8888", "240c::6666", "240e:5a::6666"),
)
# Names of time servers, for which no real resolver is needed; addresses mean nothing (see *).
TIME_SERVERS = (
    *("cn.ntp.org.cn", "ntp.sjtu.edu.cn", ".pool.ntp.org", "pool.ntp.org", "time.google.com"),
    *(".aliyun.com", "time.windows.com", "time.cloudflare.com"),
)
_TIME_ADDRESS = "203.0.113.123"
_MOOD_ADDRESS = "203.0.113.%d"  # of a time server NAME.odd.test, by the place of its mood, from 1
Command = dict[str, Any]


class Internet:
    """All servers; `requests` are those of the chip, `commands` those of the control socket."""

    def __init__(
        self,
        loop: Loop,
        world: World,
        emit: Callable[[tuple], None],
        log: Callable[[str], None],
    ) -> None:
        self._world = world
        self._names = NameServer(loop, self._listed, log)
        self._times = TimeServer(loop, lambda: world.clock_offset)
        self._announcer = Announcer(lambda: world.address, log)
        searcher = self._searcher = Searcher(log)
        echo = Echo(loop, emit, self._hosts)
        self.requests: dict[str, Callable[[Command], Command]] = {
            "ping": echo.ping,
            "mdns_start": self._announcer.start,
            "mdns_stop": self._announcer.stop,
            "mdns_query": searcher.start,
            "mdns_next": searcher.take,
            "mdns_end": searcher.end,
        }
        self.commands: dict[str, Callable[[Command], Command]] = {
            "dns_servers": self._dns_servers,
            "time_servers": self._time_servers,
        }
        self._silence: list[socket.socket] = []
        self._routes = self._serve()

    def routes(self) -> str:
        """Return the value of ATLINK_ROUTES."""
        return " ".join([f"home={self._world.address}", *self._routes])

    def restart(self) -> None:
        """Forget what the module announced: it starts anew."""
        self._announcer.stop()
        self._searcher.end()

    def close(self) -> None:
        """End all servers."""
        self._names.close()
        self._times.close()
        self._announcer.close()
        self._searcher.end()
        for sock in self._silence:
            sock.close()

    def _serve(self) -> list[str]:
        routes = []
        for address in NAME_SERVERS:
            family = 6 if ":" in address else 4
            port = self._names.serve(family)
            if port is not None:
                routes.append(_route(address, 53, family, port))
        routes.append(_route("*", 53, 4, self._silent_port()))
        for number, mood in enumerate(MOODS, 1):
            port = self._times.serve(mood)
            assert port is not None
            routes.append(_route(_MOOD_ADDRESS % number, 123, 4, port))
        for family in (4, 6):
            port = self._times.serve(GOOD, family)
            if port is not None:
                routes.append(_route("*", 123, family, port))
        return routes

    def _silent_port(self) -> int:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        self._silence.append(sock)
        return sock.getsockname()[1]

    def _listed(self) -> dict[str, list[str]]:
        """Return all names that need no resolver; the world's own come first."""
        names = {name: [_TIME_ADDRESS] for name in TIME_SERVERS}
        for number, mood in enumerate(MOODS, 1):
            names[f"{mood}-time.odd.test"] = [_MOOD_ADDRESS % number]
        return {**names, **self._world.dns}

    def _hosts(self) -> set[str]:
        """Return the addresses outside of this PC that answer an echo request."""
        named = {address for listed in self._world.dns.values() for address in listed}
        return named | set(NAME_SERVERS) | {_TIME_ADDRESS}

    def _dns_servers(self, command: Command) -> Command:
        self._names.is_silent = _switch(command)
        self._names.replies = _packets(command)
        return {"last_query": self._names.last_query.hex()}

    def _time_servers(self, command: Command) -> Command:
        self._times.is_silent = _switch(command)
        self._times.replies = _packets(command)
        if "offset" in command:
            self._world.clock_offset = int(command["offset"])
        return {"asked": self._times.asked}


def _route(address: str, port: int, family: int, real: int) -> str:
    host = "::1" if family == 6 else "127.0.0.1"
    return f"udp/{address}:{port}={host}:{real}"


def _switch(command: Command) -> bool:
    silent = command.get("silent", False)
    if not isinstance(silent, bool):
        raise CommandError("silent: must be true or false")
    return silent


def _packets(command: Command) -> list[bytes]:
    try:
        return [bytes.fromhex(each) for each in command.get("replies", ())]
    except (TypeError, ValueError):
        raise CommandError("replies: must be a list of packets in hex") from None
