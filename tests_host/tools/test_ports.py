"""Which serial port a make target takes, and what it says before it installs anything."""

import os

import pytest

import ports


@pytest.fixture
def devices(tmp_path, monkeypatch):
    """Return a function that plugs adapters in."""

    def plug(*names):
        for name in names:
            (tmp_path / name).touch()
        return [str(tmp_path / name) for name in names]

    monkeypatch.setattr(ports, "found", lambda: sorted(map(str, tmp_path.iterdir())))
    return plug


def test_the_only_port_is_taken(devices, capsys):
    (only,) = devices("ttyUSB0")
    assert ports.main(["monitor", ""]) == 0
    told = capsys.readouterr()
    assert told.out == only + "\n"
    assert f"[monitor] taking the only serial port, {only}" in told.err


@pytest.mark.parametrize("names", [(), ("ttyUSB0", "ttyUSB1")])
def test_without_a_choice_the_ports_are_listed(devices, capsys, names):
    paths = devices(*names)
    assert ports.main(["conformance", ""]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "make conformance needs PORT=, the module's AT port (UART1)" in told.err
    assert all(path in told.err for path in paths)
    assert names or "is it plugged in" in told.err


def test_a_port_that_is_not_there(devices, capsys):
    (there,) = devices("ttyACM0")
    assert ports.main(["monitor", "/dev/nowhere"]) == 1
    told = capsys.readouterr().err
    assert "there is no port /dev/nowhere" in told
    assert there in told


def test_a_port_that_may_not_be_opened(devices, capsys, monkeypatch):
    (port,) = devices("ttyUSB0")
    monkeypatch.setattr(ports, "may_open", lambda _: False)
    assert ports.main(["monitor", port]) == 1
    assert "sudo usermod -aG dialout" in capsys.readouterr().err


def test_a_url_is_taken_as_it_is(devices, capsys):
    devices()
    assert ports.main(["conformance", "rfc2217://192.168.1.9:2217"]) == 0
    assert capsys.readouterr().out == "rfc2217://192.168.1.9:2217\n"


def test_flash_wants_port_and_image(devices, capsys, monkeypatch, tmp_path_factory):
    (port,) = devices("ttyUSB0")
    root = tmp_path_factory.mktemp("root")
    monkeypatch.setattr(ports, "ROOT", root)
    assert ports.main(["flash", port, "--variant", "PSRAM"]) == 1
    assert "make firmware VARIANT=PSRAM builds it" in capsys.readouterr().err
    (root / "build/firmware-psram").mkdir(parents=True)
    (root / "build/firmware-psram/application.bin").touch()
    assert ports.main(["flash", port, "--variant", "PSRAM"]) == 0


def test_ports_of_this_machine_are_devices():
    assert all(os.path.exists(port) for port in ports.found())
