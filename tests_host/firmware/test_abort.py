"""AT+ABORT where the host's own pace matters: counted answers, WebSocket frames that stick.

What can be said line by line is in tests_device/scenarios/basic_abort*.at.
"""

import re
import socket
import time

from tests_host.firmware.serving import JOIN, PORT, serving
from tools.host.atclient import ATMismatch
from tools.peers.websocketraw import RawServer

FINAL = re.compile(rb"\r\n(OK|ERROR|SEND OK)\r\n")
DATA = bytes(i * 7 & 255 for i in range(60_000))
SIZE = 8182
ATTEMPTS = 2000


def test_a_counted_answer_is_completed_before_its_command_is_given_up(simulate):
    """The host reads slowly: the line comes in the middle of the bytes that it was promised."""
    with serving(simulate, "AT+CIPRECVTYPE=5,1") as (host, address):
        with socket.create_connection((address, PORT)) as peer:
            peer.sendall(DATA)
            module = host.module
            host.wait(lambda: host.waiting.get(0), "nothing is announced")
            module.send(f"AT+CIPRECVDATA=0,{len(DATA)}")
            promised = int(module.read_until(b",").split(b"+CIPRECVDATA:")[-1][:-1])
            module.send("AT+ABORT")
            assert module.read_exactly(promised) == DATA[:promised]
            module.read_until(FINAL)
            module.resync()
            module.ok("AT")
            while not (rest := host.read(0, 100)):
                time.sleep(0.05)
            assert rest == DATA[promised : promised + len(rest)]


def send_until_stuck(module, command, size):
    """Send blocks until the server takes no more, then AT+ABORT; return the final result."""
    for _ in range(ATTEMPTS):
        module.send(f"{command},{size}")
        module.read_until(b">")
        module.write(bytes(size))
        try:
            found = module.read_until(FINAL, timeout_s=1)
        except ATMismatch:
            module.send("AT+ABORT")
            found = module.read_until(FINAL)
        if b"ERROR" in found:
            return found
    raise AssertionError("the server takes everything")


def test_a_frame_that_the_server_does_not_take_is_given_up(simulate):
    """Half of it may be on its way, so the link is lost, and opened again as any lost link."""
    server = RawServer(buffer=2048)
    simulator = simulate()
    with simulator.module(timeout_s=60) as module:
        module.echo_off()
        for line in (*JOIN[:2], "AT+SYSLOG=2", f"AT+WSCFG=0,300,600,{SIZE + 10}"):
            module.ok(line)
        module.ok(f'AT+WSOPEN=0,"ws://127.0.0.1:{server.port}/"')
        found = send_until_stuck(module, "AT+WSSEND=0", SIZE)
        assert b"REASON:given up by AT+ABORT\r\nERR CODE:0x010a4ab0\r\n" in found
        module.read_until(b"+WS_CONNECTED:0\r\n")
        module.ok("AT")
    server.close()
    assert "Traceback" not in simulator.log_text()


def test_a_send_of_ai_thinkers_that_sticks_is_given_up(simulate):
    """What had not gone out is lost; the socket stays, and the next line is a command."""
    simulator = simulate()
    with (
        socket.socket() as listener,
        simulator.module(timeout_s=60) as module,
    ):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        module.echo_off()
        for line in (*JOIN[:2], "AT+SYSLOG=2"):
            module.ok(line)
        module.ok(f"AT+SOCKET=4,127.0.0.1,{listener.getsockname()[1]}")
        with listener.accept()[0]:
            found = send_until_stuck(module, "AT+SOCKETSEND=1", 1000)
            assert b"REASON:given up by AT+ABORT\r\nERR CODE:0x010a4ab0\r\n" in found
            module.ok("AT")
            assert module.ok("AT+SOCKET?")[0].startswith("1,4,1,127.0.0.1,")
            module.ok("AT+SOCKETDEL=1")
            module.ok("AT")
    assert "Traceback" not in simulator.log_text()
