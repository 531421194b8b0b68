"""A host that announces data for a link and does not send all of it: a byte lost on the line.

The rule is that of every data phase (docs/wire.md): 20 s without a byte end it. Nobody waits that
long more than once: every command and course has a module of its own, and all wait together.
"""

import socket
import threading
import time

from tests_host.firmware.serving import JOIN
from tools.host.simprocess import Simulator

COMMANDS = (
    "AT+CIPSEND=0,8192",
    "AT+CIPSENDEX=0,8192",
    "AT+CIPSENDL=0,8192",
    'AT+CIPSEND=1,2000,"127.0.0.1",9',
)
SILENCE_S = 20
ANSWER = b"REASON:the payload is shorter than announced\r\nERR CODE:0x010a0000\r\n\r\nERROR\r\n"


def abandon(simulator, listener, command, is_cut):
    """Send half of what is announced; return what came, the link's end or nothing, and when."""
    with simulator.module(timeout_s=60) as module:
        module.echo_off()
        for line in (*JOIN, "AT+SYSLOG=2"):
            module.ok(line, 60)
        module.ok('AT+CIPSTART=1,"UDP","127.0.0.1",9')
        module.ok(f'AT+CIPSTART=0,"TCP","127.0.0.1",{listener.getsockname()[1]}')
        with listener.accept()[0] as peer:
            module.prompt(command)
            module.write(b"x" * 700)
            if is_cut:
                peer.shutdown(socket.SHUT_RDWR)
                module.read_until(b"0,CLOSED\r\n")
                module.write(b"x" * 700)
            since = time.monotonic()
            module.read_until(ANSWER)  # behind the last word of AT+CIPSENDL
            took = time.monotonic() - since
            module.ok("AT")
            module.quiet(50)
        return took


def test_it_ends_with_error_and_the_next_line_is_a_command(tmp_path):
    """Whether the link is there or has ended meanwhile."""
    found = {}

    def run(folder, *course):
        with (
            socket.create_server(("127.0.0.1", 0)) as listener,
            Simulator(folder).start(erase=True) as simulator,
        ):
            found[course] = abandon(simulator, listener, *course)

    courses = [(command, is_cut) for command in COMMANDS for is_cut in (False, True)]
    threads = [
        threading.Thread(target=run, args=(tmp_path / str(number), *course))
        for number, course in enumerate(courses)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == set(courses)
    assert all(took >= SILENCE_S - 1 for took in found.values()), found


def test_a_pause_within_the_payload_is_none(simulate):
    """What comes after a while is payload; and passthrough has no end at all."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        simulate().module(timeout_s=60) as module,
    ):
        module.echo_off()
        for line in (*JOIN, "AT+CIPMUX=0"):
            module.ok(line, 60)
        module.ok(f'AT+CIPSTART="TCP","127.0.0.1",{listener.getsockname()[1]}')
        with listener.accept()[0] as peer:
            module.prompt("AT+CIPSEND=3")
            for byte in (b"a", b"b", b"c"):
                time.sleep(SILENCE_S * 0.6)  # together longer than the patience
                module.write(byte)
            module.expect(b"\r\nRecv 3 bytes\r\n\r\nSEND OK\r\n")
            assert peer.recv(3, socket.MSG_WAITALL) == b"abc"
            module.ok("AT+CIPMODE=1")
            module.prompt("AT+CIPSEND")
            time.sleep(SILENCE_S + 2)
            module.write(b"late")
            assert peer.recv(4, socket.MSG_WAITALL) == b"late"
