"""Seeds of a TLS server of AT+SOCKET that are deleted while they are in their handshake."""

import socket
import ssl

import pytest

from tests_host.simulator.waiting import wait_for
from tools.peers import servers
from tools.peers.secure import wrap

PORT = 7003


def rows(module):
    """Return what AT+SOCKET? lists, without events."""
    return [line for line in module.ok("AT+SOCKET?") if not line.startswith("+EVENT")]


@pytest.mark.parametrize("number", [1, 2], ids=["the server", "the seed"])
def test_a_seed_in_its_handshake_can_be_deleted(simulate, number):
    simulator = simulate(bits=32)
    with simulator.module(timeout_s=60) as module:
        module.echo_off()
        for line in ("AT+CWMODE=1", 'AT+CWJAP="espressif","1234567890"', f"AT+SOCKET=6,{PORT}"):
            module.ok(line)
        place = (module.ok("AT+CIPSTA?")[0].split('"')[1], PORT)
        with socket.create_connection(place) as sock:
            wait_for(lambda: len(rows(module)) == 2)
            module.ok(f"AT+SOCKETDEL={number}")
            sock.settimeout(30)
            context = servers.client_context()
            context.verify_mode = ssl.CERT_NONE
            with pytest.raises((ssl.SSLError, OSError)):
                wrap(context, sock)
        if number == 1:
            module.ok(f"AT+SOCKET=6,{PORT}")
        with socket.create_connection(place) as sock, wrap(context, sock):
            module.read_until(b"+EVENT:SocketSeed,2,1\r\n")
        assert "Traceback" not in simulator.log_text()
