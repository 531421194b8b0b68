"""The control socket: every command, and nothing that ends the simulator."""

import json
import re
import socket
import time

import pytest

from tools.host.simprocess import SimulatorError


@pytest.fixture
def simulator(simulate):
    return simulate()


def exchange(simulator, data, lines=1):
    """Send bytes and return so many lines of answers as objects."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(str(simulator.control))
        sock.sendall(data)
        with sock.makefile("rb") as answers:
            return [json.loads(answers.readline()) for _ in range(lines)]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b"hello", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 5000, "JSON"),
        (b'["status"]', "object"),
        (b'{"do": 1}', "object"),
        (b"{}", "object"),
        (b'{"do": "explode"}', "power_cycle"),
        (b'{"do": "gpio"}', "pin"),
        (b'{"do": "gpio", "pin": 4}', "level"),
        (b'{"do": "gpio", "pin": 4, "level": 2}', "level"),
        (b'{"do": "gpio", "pin": "4", "level": 1}', "pin"),
        (b'{"do": "adc", "pin": 47, "mv": 1}', "pin"),
        (b'{"do": "adc", "pin": 4}', "mv"),
        (b'{"do": "adc", "pin": 4, "mv": 3301}', "mv"),
        (b'{"do": "gpio", "pin": 47, "level": 1}', "pin"),
        (b'{"do": "wave", "pin": 47}', "pin"),
        (b'{"do": "wave", "pin": 4, "is": "1 Hz 1/2"}', "1 Hz 1/2"),
        (b'{"do": "device"}', "name"),
        (b'{"do": "device", "name": "x"}', "eeprom, sensor, far, flash"),
        (b'{"do": "device", "name": "flash", "present": 1}', "present"),
        (b'{"do": "device", "name": "eeprom", "size": 1}', "size"),
        (b'{"do": "device", "name": "sensor", "holds": 1}', "holds"),
        (b'{"do": "device", "name": "sensor", "256": 1}', "256"),
        (b'{"do": "device", "name": "sensor", "4": 256}', "255"),
        (b'{"do": "power_cut_after_flash_writes"}', "n"),
        (b'{"do": "power_cut_after_flash_writes", "n": -1}', "n"),
        (b'{"do": "power_cut_after_flash_writes", "n": true}', "n"),
        (b'{"do": "ap_down", "ssid": "nowhere"}', "espressif"),
        (b'{"do": "ap_rssi", "ssid": "guest", "rssi": 5}', "rssi"),
        (b'{"do": "station_join", "mac": "12:34"}', "mac"),
        (b'{"do": "dns", "name": "x.test", "ip": "1.2.3"}', "ip"),
        (b'{"do": "dns", "name": "x.test"}', "ip"),
        (b'{"do": "uart", "cts": 0}', "--baud-timing"),
    ],
)
def test_what_is_wrong_gets_an_error_and_loses_nothing(simulator, line, word):
    (answer,) = exchange(simulator, line + b"\n")
    assert answer["ok"] is False
    assert word in answer["error"]
    (answer,) = exchange(simulator, b'{"do": "status"}\n')
    assert answer["ok"] is True and answer["crashes"] == 0


def test_many_commands_in_pieces_and_at_once(simulator):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(str(simulator.control))
        line = b'{"do": "status"}\r\n\n{"do": "nope"}\n'
        for byte in line:
            sock.sendall(bytes((byte,)))
        sock.sendall(line * 50)
        with sock.makefile("rb") as answers:
            oks = [json.loads(answers.readline())["ok"] for _ in range(102)]
    assert oks == [True, False] * 51


def test_a_line_without_end_is_refused(simulator):
    (answer,) = exchange(simulator, b"x" * 70000)
    assert answer == {"ok": False, "error": "line too long"}


def test_a_client_that_goes_away_disturbs_nobody(simulator):
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(simulator.control))
            sock.sendall(b'{"do": "status"}\n' * 20)
    assert simulator.act("status")["ok"]


def test_status_tells_what_the_module_is_doing(simulator):
    status = simulator.act("status")
    assert status["ready"] is True
    assert status["restarts"] == 0
    assert status["pid"] > 0
    assert status["link"] == str(simulator.link)
    assert re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", status["mac"])


def test_status_tells_the_line_settings(simulator):
    with simulator.module() as module:
        module.ok("AT+UART_CUR=9600,7,2,1,3")
        until = time.monotonic() + 20
        while (uart := simulator.act("status")["uart"])["parity"] != 1:
            assert time.monotonic() < until
    assert uart["baud"] in range(9590, 9611)
    assert (uart["bits"], uart["stop"], uart["flow"]) == (7, 2, 3)


def test_flash_writes_are_counted(simulator):
    with simulator.module() as module:
        before = simulator.act("status")["flash_writes"]
        module.ok("AT")
        assert simulator.act("status")["flash_writes"] == before
        module.ok("AT+SYSMSG=1")
        assert simulator.act("status")["flash_writes"] > before


def test_access_points(simulator):
    def aps():
        return {ap["ssid"]: ap for ap in simulator.act("status")["world"]["aps"]}

    assert list(aps()) == ["espressif", "guest", "ab,c"]
    simulator.act("ap_down guest")
    simulator.act("ap_rssi espressif -80")
    assert [ap["up"] for ap in aps().values()] == [True, False, True]
    assert aps()["espressif"]["rssi"] == -80
    simulator.act("ap_up guest")
    assert aps()["guest"]["up"]


def test_names(simulator):
    simulator.act("dns Printer.Test 127.0.0.9")
    simulator.act("dns gone.test null")
    names = simulator.act("status")["world"]["dns"]
    assert names["printer.test"] == ["127.0.0.9"]
    assert names["gone.test"] == []


def test_a_refusal_reaches_the_launcher(simulator):
    with pytest.raises(SimulatorError, match="no access point"):
        simulator.act("ap_up nowhere")
