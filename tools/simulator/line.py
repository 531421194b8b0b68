"""UART1 between the firmware and host programs.

DirectLine gives the firmware the pty itself. Relay stands between the firmware and several hosts
(the pty and TCP clients), at full speed; the paced relay is in pacing.py.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress

from tools.simulator.errors import SimulatorError
from tools.simulator.loop import READ, WRITE, Loop
from tools.simulator.pty import Pty

_CHUNK = 65536
_READY = b"\r\nready\r\n"


class DirectLine:
    """The firmware works on the master of the pty; nobody stands between."""

    def __init__(self, pty: Pty) -> None:
        self._pty = pty
        self.counters: dict[str, int] = {}

    def firmware_end(self) -> int:
        """Return the descriptor for the next firmware process."""
        self._pty.drop_input()
        return self._pty.master

    def started(self) -> None:
        """The process has its descriptor now."""

    def configure(self, settings: list[int]) -> None:
        """Take note of line settings: a pty has none."""

    def close(self) -> None:
        """Let go of what the line holds."""


class _Host:
    """One host program's end: a descriptor with bytes that it has not taken yet."""

    def __init__(self, descriptor: int, owner: socket.socket | None) -> None:
        self.descriptor = descriptor
        self.owner = owner  # None: the pty
        self.pending = bytearray()

    def write(self) -> bool:
        """Write what is pending as far as it goes; False if the host is gone."""
        try:
            del self.pending[: os.write(self.descriptor, self.pending)]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True


class Hosts:
    """The pty and any number of TCP clients: all see what the module says, all may speak."""

    def __init__(self, loop: Loop, pty: Pty, address: tuple[str, int] | None) -> None:
        self._loop = loop
        self._pty = _Host(pty.master, None)
        self._hosts = [self._pty]
        self._listening = True
        self.on_input: Callable[[], None] = lambda: None
        self.on_drained: Callable[[], None] = lambda: None
        self._server = _listen(address) if address else None
        self.address = self._server.getsockname()[:2] if self._server else None
        if self._server:
            loop.watch(self._server.fileno(), READ, self._accept)
        self._watch(self._pty)

    def close(self) -> None:
        """End all TCP connections."""
        for host in list(self._hosts):
            self._drop(host)
        if self._server:
            self._loop.watch(self._server.fileno(), 0, self._accept)
            self._server.close()

    @property
    def blocked(self) -> bool:
        """Tell whether some host has not taken all it was sent."""
        return any(host.pending for host in self._hosts)

    def listen(self, on: bool) -> None:
        """Call on_input when a host has sent something, or leave that where it is."""
        if on != self._listening:
            self._listening = on
            for host in self._hosts:
                self._watch(host)

    def take(self, most: int) -> bytes:
        """Return up to so many bytes that hosts have sent."""
        for host in list(self._hosts):
            try:
                data = os.read(host.descriptor, most)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if data:
                # The next one is asked first next time.
                self._hosts.remove(host)
                self._hosts.append(host)
                return data
            self._drop(host)
        return b""

    def send(self, data: bytes) -> None:
        """Send to all hosts; what one does not take now stays pending.

        While there are TCP clients, the pty gets what it takes and loses the rest: it may well
        have nobody who reads it.
        """
        for host in list(self._hosts):
            host.pending += data
            self._flush(host)

    def send_or_lose(self, data: bytes) -> int:
        """Send to all hosts without keeping anything; return how many bytes the slowest lost."""
        self.send(data)
        lost = max(len(host.pending) for host in self._hosts)
        for host in self._hosts:
            host.pending.clear()
            self._watch(host)
        return lost

    def _flush(self, host: _Host) -> None:
        if not host.write():
            self._drop(host)
            return
        if host is self._pty and len(self._hosts) > 1:
            host.pending.clear()
        self._watch(host)

    def _watch(self, host: _Host) -> None:
        events = (READ if self._listening else 0) | (WRITE if host.pending else 0)
        self._loop.watch(host.descriptor, events, lambda events: self._on_host(host, events))

    def _on_host(self, host: _Host, events: int) -> None:
        if events & WRITE:
            self._flush(host)
            if not self.blocked:
                self.on_drained()
        if events & READ:
            self.on_input()

    def _accept(self, _: int) -> None:
        assert self._server is not None
        try:
            client, _address = self._server.accept()
        except OSError:  # gone again
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host = _Host(client.fileno(), client)
        self._hosts.append(host)
        self._watch(host)
        self._flush(self._pty)
        if not self.blocked:
            self.on_drained()

    def _drop(self, host: _Host) -> None:
        self._loop.watch(host.descriptor, 0, lambda _: None)
        if host.owner is None:
            return
        if host in self._hosts:
            self._hosts.remove(host)
            host.owner.close()
        if not self.blocked:
            self.on_drained()


def _listen(address: tuple[str, int]) -> socket.socket:
    try:
        server = socket.create_server(address)
    except OSError as error:
        raise SimulatorError(f"--tcp {address[0]}:{address[1]}: {error}") from error
    server.setblocking(False)
    return server


class Relay:
    """Moves bytes between the hosts and the firmware's end of a socket pair, at full speed."""

    def __init__(self, loop: Loop, hosts: Hosts, on_ready: Callable[[], None]) -> None:
        self.loop = loop
        self.hosts = hosts
        self.end: socket.socket | None = None
        self.counters: dict[str, int] = {}
        self._firmware: socket.socket | None = None
        self._pending = b""
        self._on_ready = on_ready
        self._heard: bytes | None = b""
        hosts.on_input = self.on_input
        hosts.on_drained = self.on_drained

    def firmware_end(self) -> int:
        """Return the descriptor for the next firmware process; what was on the way is lost."""
        self.disconnect()
        while self.hosts.take(_CHUNK):
            pass
        self.end, self._firmware = socket.socketpair()
        self.end.setblocking(False)
        self._heard = b""
        self._pending = b""
        self.hosts.listen(True)
        return self._firmware.fileno()

    def started(self) -> None:
        """The process has its descriptor now: ours would hide its end."""
        assert self._firmware is not None
        assert self.end is not None
        self._firmware.close()
        self.watch_end()

    def configure(self, settings: list[int]) -> None:
        """Take note of line settings: at full speed they do not matter."""

    def disconnect(self) -> None:
        """Hear the firmware's last words and let go of it."""
        if self.end is None:
            return
        while self._hear():
            pass
        self.loop.watch(self.end.fileno(), 0, self.on_firmware)
        self.end.close()
        self.end = None

    def close(self) -> None:
        """End the line."""
        self.disconnect()
        self.hosts.close()

    def watch_end(self) -> None:
        """Wait for what can be moved now."""
        if self.end is not None:
            reading = 0 if self.hosts.blocked else READ
            events = reading | (WRITE if self._pending else 0)
            self.loop.watch(self.end.fileno(), events, self.on_firmware)

    def on_firmware(self, events: int) -> None:
        """Take what the firmware says, give it what it has not taken yet."""
        assert self.end is not None
        if events & WRITE:
            self._give(b"")
        if events & READ and not self._hear():
            self.loop.watch(self.end.fileno(), 0, self.on_firmware)  # it has ended
        else:
            self.watch_end()

    def _hear(self) -> bool:
        """Pass on some of what the firmware said; False if there is nothing, or it has ended."""
        assert self.end is not None
        try:
            data = self.end.recv(_CHUNK)
        except OSError:
            data = b""
        self.heard(data)
        self.hosts.send(data)
        return bool(data)

    def on_input(self) -> None:
        """Take what a host says; without firmware it is lost, as on a chip that is off."""
        data = self.hosts.take(_CHUNK)
        if self.end is not None:
            self._give(data)
            self.watch_end()

    def on_drained(self) -> None:
        """The hosts have taken all: go on reading from the firmware."""
        self.watch_end()

    def _give(self, data: bytes) -> None:
        assert self.end is not None
        self._pending += data
        with suppress(OSError):
            self._pending = self._pending[self.end.send(self._pending) :]
        self.hosts.listen(not self._pending)

    def heard(self, data: bytes) -> None:
        """Look for the first `ready` of this start."""
        if self._heard is not None:
            self._heard += data
            if _READY in self._heard:
                self._heard = None
                self._on_ready()
            else:
                self._heard = self._heard[-len(_READY) :]
