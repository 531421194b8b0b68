"""A model of the AT port: what must hold whatever a host, its peers and the network do, and when.

    one final result for each command line, and none without one
    counted payloads arrive as they were sent, in both directions, in order
    CONNECT and CLOSED of a link take turns
    after anything at all, AT gets OK

The machine drives commands, peers and the world at random (hypothesis). It knows what must come,
not when: news of links may come before, between and behind answers.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tools.host.simprocess import Simulator

FINAL = re.compile(r"OK|ERROR|SEND OK|SEND FAIL|SEND CANCELLED|busy p\.\.\.")
_IPD = re.compile(rb"\+IPD,(\d),(\d+):")
_LINE = re.compile(rb"([^\r\n]*)\r\n")
_EVENT = re.compile(r"(\d),(CONNECT|CLOSED)")
LINKS = 5
# Lines that have one final result each, and nothing else to wait for.
LINES = (
    *("AT", "AT+GMR", "AT+CMD?", "AT+CIPSTATE?", "AT+CIPMUX?", "AT+SYSRAM?", "AT+CWSTATE?"),
    *("AT+CIPSTA?", 'AT+FS=0,4,"."', "AT+SYSMFG?", "AT+CIPSEND=9,1", "AT+CIPCLOSE=4", "AT+NO"),
    *("AT+CIPSEND=0", "", "x", "AT" + "y" * 300, "AT+SYSLOG=3", 'AT+CIPSTART=0,"TCP"', "at"),
    *('AT+CIPDOMAIN="nowhere.invalid"', 'AT+PING="127.0.0.1"', "AT+CIPSSLCCONF?", "AT+SYSFLASH?"),
)
PAYLOAD = st.binary(min_size=1, max_size=600) | st.sampled_from(
    (b"AT\r\n" * 20, b"\r\nOK\r\n", b"+IPD,0,5:xxxxx", b"\r\n+++\r\n" * 3, b"x" * 5000)
)


class Host:
    """The host's end: sends lines, and sorts what comes into answers, events and data."""

    def __init__(self, module) -> None:
        self.module = module
        self.events: list[tuple[int, str]] = []
        self.data = {n: bytearray() for n in range(LINKS)}
        self.finals: list[str] = []

    def sort(self) -> bool:
        """Take one item from what has come; False if none is complete."""
        buffer = self.module.buffer
        found = _IPD.match(buffer)
        if found:
            size = int(found[2])
            if len(buffer) < found.end() + size:
                return False
            self.data[int(found[1])] += buffer[found.end() : found.end() + size]
            self.module.take(found.end() + size)
            return True
        if buffer.startswith(b">"):
            self.module.take(1)
            self.finals.append(">")
            return True
        found = _LINE.match(buffer)
        if not found or (buffer.startswith(b"+IPD,") and b":" not in buffer[:16]):
            return False
        self._line(bytes(self.module.take(found.end())[:-2]).decode(errors="replace"))
        return True

    def _line(self, text: str) -> None:
        event = _EVENT.fullmatch(text)
        if event:
            self.events.append((int(event[1]), event[2]))
        elif FINAL.fullmatch(text):
            self.finals.append(text)

    def await_finals(self, count: int) -> list[str]:
        """Return the next `count` results (`>` is one)."""
        until = self.module.deadline()
        while len(self.finals) < count:
            if not self.sort():
                self.module._more(until, f"{count} results, {self.finals} came")
        taken, self.finals = self.finals[:count], self.finals[count:]
        return taken

    def run(self, line: str | bytes) -> str:
        """Send a line and return its result."""
        self.module.send(line)
        return self.await_finals(1)[0]

    def wait(self, is_there) -> None:
        """Go on listening until something is so."""
        until = self.module.deadline()
        while not is_there():
            if not self.sort():
                self.module._more(until, f"events {self.events}, data {self.data}")


class PortMachine(RuleBasedStateMachine):
    """One example; the module goes on from one to the next."""

    simulator: Simulator
    host: Host

    def __init__(self) -> None:
        super().__init__()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(60)
        self.peers: dict[int, socket.socket] = {}
        self.sent: Counter[int] = Counter()  # bytes from the peer that the host must get

    @initialize()
    def begin(self) -> None:
        """Have no link, whatever was before."""
        host = self.host
        host.run("AT+CIPCLOSE=5")
        host.run("AT+CIPMUX=1")
        self.check()
        host.events.clear()
        for data in host.data.values():
            data.clear()

    def check(self) -> None:
        """Check that the port answers one AT by one OK, and says nothing more."""
        assert self.host.run("AT") == "OK"
        assert self.host.finals == []

    # Commands.

    @rule(lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=5))
    def one_after_the_other(self, lines: list[str]) -> None:
        for line in lines:
            if line.strip():
                assert self.host.run(line) in ("OK", "ERROR"), line
        self.check()

    @rule(
        lines=st.lists(st.sampled_from([line for line in LINES if line]), min_size=2, max_size=5)
    )
    def without_waiting(self, lines: list[str]) -> None:
        """Each line has its result: its own, or that the module is busy."""
        self.host.module.write(b"".join(line.encode() + b"\r\n" for line in lines))
        results = self.host.await_finals(len(lines))
        assert set(results) <= {"OK", "ERROR", "busy p..."}, results
        self.check()

    @rule(data=PAYLOAD)
    def a_payload_for_flash(self, data: bytes) -> None:
        self.host.run('AT+SYSFLASH=0,"fatfs",0,8192')
        self.host.module.send(f'AT+SYSFLASH=1,"fatfs",0,{len(data)}')
        assert self.host.await_finals(2) == ["OK", ">"]
        self.host.module.write(data)
        assert self.host.await_finals(1) == ["OK"]
        self.check()

    # Links.

    @precondition(lambda self: len(self.peers) < LINKS)
    @rule(host_sends=st.booleans())
    def open_a_link(self, host_sends: bool) -> None:
        number = next(n for n in range(LINKS) if n not in self.peers)
        port = self.listener.getsockname()[1]
        assert self.host.run(f'AT+CIPSTART={number},"TCP","127.0.0.1",{port}') == "OK"
        peer, _ = self.listener.accept()
        peer.settimeout(60)
        self.peers[number] = peer
        self.sent[number] = 0
        self.host.data[number].clear()
        assert self._news(number) == ["CONNECT"]
        if host_sends:
            self._send(number, b"hello")
        self.check()

    def _news(self, number: int) -> list[str]:
        said = [what for link, what in self.host.events if link == number]
        self.host.events = [event for event in self.host.events if event[0] != number]
        return said

    @precondition(lambda self: self.peers)
    @rule(luck=st.randoms(use_true_random=False), data=PAYLOAD)
    def host_sends(self, luck, data: bytes) -> None:
        self._send(luck.choice(sorted(self.peers)), data)
        self.check()

    def _send(self, number: int, data: bytes) -> None:
        self.host.module.send(f"AT+CIPSEND={number},{len(data)}")
        assert self.host.await_finals(2) == ["OK", ">"]
        self.host.module.write(data)
        assert self.host.await_finals(1) == ["SEND OK"]
        came = b""
        while len(came) < len(data):
            piece = self.peers[number].recv(65536)
            assert piece, "the link ended"
            came += piece
        assert came == data

    @precondition(lambda self: self.peers)
    @rule(luck=st.randoms(use_true_random=False), data=PAYLOAD, line=st.sampled_from(LINES[:10]))
    def peer_sends(self, luck, data: bytes, line: str) -> None:
        """Data comes while a command runs, and is as it was sent."""
        number = luck.choice(sorted(self.peers))
        self.peers[number].sendall(data)
        assert self.host.run(line) in ("OK", "ERROR")
        self.sent[number] += len(data)
        self.host.wait(lambda: len(self.host.data[number]) >= self.sent[number])
        assert bytes(self.host.data[number][-len(data) :]) == data
        assert len(self.host.data[number]) == self.sent[number]
        self.check()

    def _is_gone(self, number: int) -> None:
        """Check that the end of a link is told, once."""
        self.host.wait(lambda: (number, "CLOSED") in self.host.events)
        self.check()
        assert self._news(number) == ["CLOSED"]

    @precondition(lambda self: self.peers)
    @rule(luck=st.randoms(use_true_random=False), aborts=st.booleans())
    def peer_leaves(self, luck, aborts: bool) -> None:
        number = luck.choice(sorted(self.peers))
        peer = self.peers.pop(number)
        if aborts:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
        self._is_gone(number)

    @precondition(lambda self: self.peers)
    @rule(luck=st.randoms(use_true_random=False))
    def peer_leaves_before_the_payload_is_there(self, luck) -> None:
        """The announced bytes are taken all the same."""
        number = luck.choice(sorted(self.peers))
        self.host.module.send(f"AT+CIPSEND={number},40")
        assert self.host.await_finals(2) == ["OK", ">"]
        self.host.module.write(b"AT+GMR\r\n")
        self.peers.pop(number).close()
        self.host.module.write(b"AT+GMR\r\n" * 4)
        assert self.host.await_finals(1)[0] in ("SEND OK", "SEND FAIL", "ERROR")
        self._is_gone(number)

    @precondition(lambda self: self.peers)
    @rule(luck=st.randoms(use_true_random=False))
    def host_closes(self, luck) -> None:
        number = luck.choice(sorted(self.peers))
        assert self.host.run(f"AT+CIPCLOSE={number}") == "OK"
        self.host.wait(lambda: (number, "CLOSED") in self.host.events)
        assert self._news(number) == ["CLOSED"]
        self.peers.pop(number).close()
        self.check()

    @precondition(lambda self: self.peers)
    @rule()
    def the_network_goes_and_comes(self) -> None:
        """Every link that there was is reported closed, once."""
        self.simulator.act("ap_down espressif")
        for number in self.peers:
            self.host.wait(lambda number=number: (number, "CLOSED") in self.host.events)
        self.simulator.act("ap_up espressif")
        assert self.host.run('AT+CWJAP="espressif","1234567890"') == "OK"
        for number, peer in self.peers.items():
            assert self._news(number) == ["CLOSED"]
            peer.close()
        self.peers.clear()
        self.check()

    def teardown(self) -> None:
        """Let go of the peers; the next example closes the links."""
        for peer in self.peers.values():
            peer.close()
        with contextlib.suppress(OSError):
            self.listener.close()
        assert self.host.run("AT+CIPCLOSE=5") in ("OK", "ERROR")
        assert self.host.run("AT") == "OK"
