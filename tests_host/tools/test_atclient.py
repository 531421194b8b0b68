"""The AT client of the tests, against a scripted peer."""

import socket

import pytest

from tools.host.atclient import ATMismatch, Module
from tools.host.simprocess import parse_act


@pytest.fixture
def module(fake):
    with Module(fake.port, timeout_s=0.5) as module:
        yield module


def test_a_command_returns_its_lines_without_echo_and_result(module):
    assert module.ok("AT+ECHO=1") == ["+ECHO:1"]


def test_an_error_returns_its_code(module):
    assert module.error("AT+NOPE") == 0x01090000
    assert module.command("AT+NOPE").sub == 0x09


def test_ok_refuses_an_error_and_shows_the_bytes(module):
    with pytest.raises(ATMismatch, match=r"AT\+NOPE\\r\\n"):
        module.ok("AT+NOPE")


def test_expect_wants_exactly_the_next_bytes(module):
    module.send("AT")
    module.expect(b"AT\r\n\r\nOK\r\n")
    module.send("AT")
    # of AT, which may come in pieces
    with pytest.raises(ATMismatch, match=r"(?s)expected .*got A"):
        module.expect(b"\r\nOK\r\n")


def test_a_data_phase(module):
    module.echo_off()
    module.prompt("AT+DATA=5")
    module.write(b"a\r\nbc")
    assert module.finish().raw == b"+DATA:a\r\nbc\r\nOK\r\n"


def test_prompt_refuses_an_error(module):
    with pytest.raises(ATMismatch, match="no prompt"):
        module.prompt("AT+NOPE")


def test_echo_off_keeps_reports_that_come_meanwhile(fake, module):
    fake.say(b"REPORT\r\n")
    module.echo_off()
    assert module.quiet(50) == b"REPORT\r\n"


def test_silence_is_noticed_when_broken(fake, module):
    module.expect_silence(30)
    fake.say(b"boo")
    with pytest.raises(ATMismatch, match="expected silence"):
        module.expect_silence(30)


@pytest.mark.parametrize("lead", [b"AT+DATA=900\r\nxyz", b"AT+EC", b"AT\r"])
def test_resync_brings_any_state_back_to_commands(module, lead):
    module.write(lead)
    module.resync()
    assert module.ok("AT") == []


def test_nothing_in_time_is_a_failure(module):
    with pytest.raises(ATMismatch, match="never"):
        module.read_until(b"never", 0.05)


def test_acts_in_short_words():
    assert parse_act("gpio 12 1") == {"do": "gpio", "pin": 12, "level": 1}
    assert parse_act('ap_down "ab,c d"') == {"do": "ap_down", "ssid": "ab,c d"}
    assert parse_act("power_cut 3") == {"do": "power_cut_after_flash_writes", "n": 3}
    assert parse_act("dns x.test null") == {"do": "dns", "name": "x.test", "ip": None}
    assert parse_act('{"do": "status"}') == {"do": "status"}


@pytest.mark.parametrize("text", ["", "explode", "gpio 1", "gpio one 1", "power_cycle now"])
def test_acts_that_do_not_exist_are_named(text):
    with pytest.raises(ValueError, match=r"act|words|int"):
        parse_act(text)


def test_socket_is_read_in_pieces_and_not_byte_by_byte():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with Module(f"socket://127.0.0.1:{port}") as module:
            peer, _ = server.accept()
            with peer:
                peer.sendall(bytes(5000))
                assert len(module.pump(5.0)) > 1000
