"""tools/world: every act by its name, for people."""

import subprocess
import sys

import pytest

from pins import ROOT
from tools.host.simprocess import SimulatorError
from tools.simulator import worldcli
from tools.simulator.acts import ACTS


@pytest.fixture
def simulator(simulate):
    return simulate()


def run(*words):
    command = [sys.executable, ROOT / "tools/world", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_table_has_every_act_of_the_simulator(simulator):
    with pytest.raises(SimulatorError) as refusal:
        simulator.act({"do": "?"})
    known = str(refusal.value).partition("there are ")[2].rstrip("'}\"")
    assert sorted(ACTS) == known.split(", ")


def test_an_act_by_its_name(simulator):
    done = run("--control", simulator.control, "ap_down", "espressif")
    assert (done.returncode, done.stdout) == (0, "done\n")
    status = run("--control", simulator.control, "status").stdout
    assert '"up": false' in status


@pytest.mark.parametrize("kind", ["esptouch", "ESPTOUCH_V2", "AirKiss"])
def test_a_type_of_smartconfig_may_be_in_lower_case(simulator, kind):
    words = ("smartconfig", kind, "espressif", "1234567890")
    done = run("--control", simulator.control, *words)
    assert (done.returncode, done.stdout) == (0, "done\n")
    words = ("smartconfig", "blueprint", "espressif", "1234567890")
    assert "must be one of ESPTOUCH" in run("--control", simulator.control, *words).stderr


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("ap_rssi espressif -70", {"do": "ap_rssi", "ssid": "espressif", "rssi": -70}),
        ("gpio level=1 pin=4", {"do": "gpio", "pin": 4, "level": 1}),
        ("dns a.test 127.0.0.9", {"do": "dns", "name": "a.test", "ip": "127.0.0.9"}),
        ("dns a.test null", {"do": "dns", "name": "a.test", "ip": None}),
        ("device sensor 39=3", {"do": "device", "name": "sensor", "39": 3}),
        ("device sensor present=false", {"do": "device", "name": "sensor", "present": False}),
        (
            "fault call=atchip.ping error=257",
            {"do": "fault", "call": "atchip.ping", "error": 257},
        ),
        ('ap_down "ab,c"', {"do": "ap_down", "ssid": "ab,c"}),
        ("dns_servers silent=true", {"do": "dns_servers", "silent": True}),
        ("dns_servers replies=00ff,01", {"do": "dns_servers", "replies": ["00ff", "01"]}),
    ],
)
def test_words_become_a_command(words, command):
    assert worldcli.command_of(worldcli.split(words)) == command


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("explode", "there is no act 'explode'"),
        ("ap_rssi espressif", "rssi is missing: ap_rssi SSID RSSI"),
        ("gpio four 1", "pin: 'four' is no int"),
        ("gpio 4 1 2", "'2' is too much"),
        ("device sensor 0x27=3", "'0x27=3' is too much"),  # registers are decimal
        ('ap_down "x', "No closing quotation"),
        ("", "which act?"),
    ],
)
def test_words_that_mean_nothing_say_why(words, complaint):
    with pytest.raises(worldcli.WorldError, match=complaint.replace("?", r"\?")):
        worldcli.command_of(worldcli.split(words))


def test_a_refusal_of_the_simulator_is_passed_on(simulator):
    done = run("--control", simulator.control, "ap_down", "nowhere")
    assert done.returncode == 1
    assert "no access point 'nowhere'" in done.stderr


def test_no_module_at_all(tmp_path):
    done = run("--control", tmp_path / "none", "status")
    assert done.returncode == 1
    assert "no simulated module answers" in done.stderr


def test_help_names_every_act():
    done = run("--help")
    assert done.returncode == 0
    for name in ACTS:
        assert f"\n{name}" in done.stdout
