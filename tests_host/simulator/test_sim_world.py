"""World files: the default one, and clear words for wrong ones."""

import re
import subprocess
import sys

import pytest

from pins import ROOT
from tools.host.simprocess import ATSIM
from tools.simulator import worldfile
from tools.simulator.errors import WorldError

HOME = ROOT / "tools/worlds/home.toml"


def test_the_default_world_is_the_documented_one():
    world = worldfile.load(HOME)
    seen = [
        (ap["ssid"], ap["password"], ap["security"], ap["channel"], ap["rssi"])
        for ap in world["ap"]
    ]
    assert seen == [
        ("espressif", "1234567890", "wpa2_psk", 6, -42),
        ("guest", "", "open", 1, -70),
        ("ab,c", '0123456789"', "wpa2_psk", 11, -61),
    ]
    assert world["ap"][0]["bssid"] == "ca:d7:19:d8:a6:44"
    assert world["dns"] == {".test": ["127.0.0.1", "::1"], ".invalid": []}
    assert world["dhcp"]["first"] != "127.0.0.1" and world["dhcp"]["gateway"] == "127.0.0.1"


def test_an_empty_file_is_a_world_without_networks(tmp_path):
    path = tmp_path / "world.toml"
    path.write_text("")
    assert worldfile.load(path)["ap"] == []


def test_what_an_access_point_does_not_say(tmp_path):
    path = tmp_path / "world.toml"
    path.write_text('[[ap]]\nssid = "one"\n[[ap]]\nssid = "two"\npassword = "12345678"\n')
    one, two = worldfile.load(path)["ap"]
    assert one["security"] == "open" and two["security"] == "wpa2_psk"
    assert one["bssid"] != two["bssid"]
    assert one["up"] and not one["hidden"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[ap]]\nssid = x\n", ["line 2"]),
        ("[wlan]\n", ["wlan", "ap, "]),
        ("ap = 3\n", ["[[ap]]"]),
        ("[ap]\nssid = 'x'\n", ["[[ap]]"]),
        ("[[ap]]\nrssi = -5\n", ["ap 1.ssid", "missing"]),
        ("[[ap]]\nssid = 'x'\nchanel = 1\n", ["ap 'x'.chanel", "channel"]),
        ("[[ap]]\nssid = 'x'\nchannel = 15\n", ["ap 'x'.channel", "1 to 14"]),
        ("[[ap]]\nssid = 'x'\nchannel = true\n", ["ap 'x'.channel"]),
        ("[[ap]]\nssid = 'x'\nrssi = 'far'\n", ["ap 'x'.rssi"]),
        ("[[ap]]\nssid = 'x'\nbssid = '1:2'\n", ["ap 'x'.bssid", "MAC"]),
        ("[[ap]]\nssid = 'x'\nhidden = 1\n", ["ap 'x'.hidden", "true or false"]),
        ("[[ap]]\nssid = 'x'\nsecurity = 'wpa9'\n", ["ap 'x'.security", "wpa2_psk"]),
        ("[[ap]]\nssid = 'x'\npassword = 'short'\n", ["ap 'x'.password", "8"]),
        (f"[[ap]]\nssid = '{'x' * 33}'\n", [".ssid", "1 to 32"]),
        ("[dhcp]\nfirst = '127.0.0.1'\n", ["dhcp.first", "127.0.0.0/8"]),
        ("[dhcp]\nfirst = '10.0.0.1'\n", ["dhcp.first", "127.0.0.0/8"]),
        ("[dhcp]\nfirst = '127.0.1.2'\nlast = '127.0.0.9'\n", ["dhcp.last"]),
        ("[dns]\n'a.test' = 5\n", ["dns.a.test", "IP address"]),
        ("[dns]\n'a.test' = ['127.0.0.1', 'x']\n", ["dns.a.test", "IP address"]),
        ("[gpio]\n99 = 1\n", ["gpio.99", "46"]),
        ("[gpio]\n4 = 3\n", ["gpio.4", "0 to 1"]),
        ("[adc]\n47 = 1\n", ["adc.47", "46"]),
        ("[adc]\n4 = 3301\n", ["adc.4", "0 to 3300"]),
        ("[clock]\noffset = 'noon'\n", ["clock.offset"]),
        ("[[spi]]\nmosi = 1\n", ["spi 1.device", "missing"]),
        ("[[spi]]\ndevice = 'flash'\nid = 'ef4'\n", ["spi 1.id", "ef4014"]),
        ("[[spi]]\ndevice = 'flash'\nsize = 255\n", ["spi 1.size", "256"]),
        ("i2c = 1\n", ["[[i2c]]"]),
        ("[[i2c]]\naddress = 1\n", ["i2c 1.device", "missing"]),
        ("[[i2c]]\ndevice = 'eeprom'\n", ["i2c 1.address", "missing"]),
        ("[[i2c]]\ndevice = 'lamp'\n", ["i2c 1.device", "eeprom, sensor"]),
        ("[[i2c]]\ndevice = 'sensor'\naddress = 0x80\n", ["i2c 1.address", "ten_bit"]),
        ("[[i2c]]\ndevice = 'sensor'\nregisters = {256 = 1}\n", ["i2c 1.registers", "256"]),
        ("[[i2c]]\ndevice = 'sensor'\nregisters = {1 = 'a'}\n", ["i2c 1.registers", "255"]),
        ("[[i2c]]\ndevice = 'sensor'\nregisters = 5\n", ["i2c 1.registers", "table"]),
    ],
)
def test_a_wrong_file_is_named_with_its_key(tmp_path, text, words):
    path = tmp_path / "world.toml"
    path.write_text(text)
    with pytest.raises(WorldError) as caught:
        worldfile.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    for word in words:
        assert re.search(re.escape(word), str(caught.value)), str(caught.value)


def test_the_simulator_says_so_and_ends(tmp_path):
    for name, text in (("missing.toml", None), ("wrong.toml", "[wlan]\n")):
        path = tmp_path / name
        if text:
            path.write_text(text)
        done = subprocess.run(
            [sys.executable, ATSIM, "--world", path, "--state", tmp_path / "flash"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith(f"atsim: {path}: ")
        assert "Traceback" not in done.stderr


def test_levels_at_power_up_come_from_the_file(tmp_path, simulate):
    path = tmp_path / "world.toml"
    path.write_text("[gpio]\n4 = 1\n7 = 0\n")
    status = simulate(options=("--world", str(path))).act("status")
    assert status["world"]["inputs"] == {"4": 1, "7": 0}
    assert status["world"]["aps"] == []
