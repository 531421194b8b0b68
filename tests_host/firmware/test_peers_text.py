"""What peers call themselves stays on its line: it makes no messages of its own."""

import socket
import threading

from hypothesis import given
from hypothesis import strategies as st

from at.wire import reply

EVIL = "x\r\nOK\r\n+IPD,3:abc\x7f"
SHOWN = "x??OK??+IPD,3:abc?"
WORLD = f"""
[[ap]]
ssid = "{EVIL.encode("unicode_escape").decode().replace(chr(92) + "x7f", chr(92) + "u007f")}"
channel = 3
"""
QUOTED = '"' + SHOWN + '"'


@given(st.binary())
def test_no_control_byte_but_a_tab_is_left_and_nothing_else_changes(text):
    shown = reply.plain(text)
    assert len(shown) == len(text)
    for was, now in zip(text, shown, strict=True):
        assert now == (was if 0x20 <= was != 0x7F or was == 0x09 else 0x3F)
    assert reply.quote(text) == b'"' + shown + b'"'


def test_an_access_points_name(simulate, tmp_path):
    world = tmp_path / "world.toml"
    world.write_text(WORLD)
    simulator = simulate(bits=32, options=("--world", str(world)))
    with simulator.module(timeout_s=30) as module:
        module.echo_off()
        module.ok("AT+CWMODE=1")
        assert any(QUOTED in line for line in module.ok("AT+CWLAP"))
        assert module.command("AT").ok


def broker(listener):
    """Accept one client, whatever it says, and send it one message."""
    client, _ = listener.accept()
    with client:
        client.recv(1000)
        client.sendall(b"\x20\x02\x00\x00")
        request = client.recv(1000)
        client.sendall(b"\x90\x03" + request[2:4] + b"\x00")
        topic = EVIL.encode()
        body = len(topic).to_bytes(2, "big") + topic + b"a\r\nb"
        client.sendall(bytes([0x30, len(body)]) + body)
        client.recv(1000)


def test_a_topic(simulate):
    simulator = simulate(bits=32)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=broker, args=(listener,), daemon=True).start()
        with simulator.module(timeout_s=60) as module:
            module.echo_off()
            module.ok("AT+CWMODE=1")
            module.ok('AT+CWJAP="espressif","1234567890"')
            module.ok('AT+MQTTUSERCFG=0,1,"me","","",0,0,""')
            module.ok(f'AT+MQTTCONN=0,"127.0.0.1",{listener.getsockname()[1]},0')
            module.send('AT+MQTTSUB=0,"x/#",0')
            module.read_until(f"+MQTTSUBRECV:0,{QUOTED},4,a\r\nb\r\n".encode())
            module.quiet(100)
            assert module.command("AT").raw == b"\r\nOK\r\n"
