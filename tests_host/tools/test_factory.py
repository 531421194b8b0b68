"""tools/factory.py: what was changed is changed, all else is as before, a module boots with it."""

import re
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest

import partitions
from pins import ROOT
from tests_host.simulator import nvsreader
from tests_host.tools.nvsflat import flat
from tools.image import boards, merge
from tools.params import cli, nvs, pki, values
from tools.params.image import Image
from tools.params.nvs import Value

SIZE = 0x1C000
PARTS = {part.name: part for part in partitions.load()}
CERTS = ROOT / "build/certs"
BLOB, STRING = 0x48, 0x21


@pytest.fixture
def mfg(tmp_path):
    """Return a copy of the manufacturing data that `make mfg` leaves."""
    path = tmp_path / "mfg_nvs.bin"
    shutil.copyfile(ROOT / "build/mfg_nvs.bin", path)
    return path


def run(*words):
    """Run the command, which must succeed."""
    assert cli.main([str(word) for word in words]) == 0


def refused(capsys, *words):
    """Run the command, which must fail, and return the error."""
    assert cli.main([str(word) for word in words]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    return error


def test_parameters_are_changed_and_nothing_else(mfg, capsys):
    before = nvsreader.read(mfg.read_bytes())
    run("set", mfg, "uart_baudrate=921600", "uart_cts_pin=-1", "module_name=My module")
    after = nvsreader.read(mfg.read_bytes())
    changed = {
        ("factory_param", "uart_baudrate"): (0x14, 921600),
        ("factory_param", "uart_cts_pin"): (0x14, -1),
        ("factory_param", "module_name"): (STRING, b"My module"),
    }
    assert after == before | changed
    assert "uart_baudrate: 115200 → 921600" in capsys.readouterr().out


def test_certificates_are_put_in_replaced_and_removed(mfg):
    before = nvsreader.read(mfg.read_bytes())
    certificate, key = CERTS / "server_cert.crt", CERTS / "server.key"
    run("pki", mfg, f"client_cert.0={certificate}", f"client_key.0={key}", "client_ca.1=")
    run("pki", mfg, f"mqtt_ca.5={CERTS / 'other_ca.crt'}")
    after = nvsreader.read(mfg.read_bytes())
    wanted = before | {
        ("client_cert", "client_cert.0"): (BLOB, certificate.read_bytes()),
        ("client_key", "client_key.0"): (BLOB, key.read_bytes()),
        ("mqtt_ca", "mqtt_ca.5"): (BLOB, (CERTS / "other_ca.crt").read_bytes()),
    }
    del wanted["client_ca", "client_ca.1"]
    assert after == wanted


@pytest.mark.parametrize("owner", ["https", "wss"])
def test_certificates_that_are_not_delivered_are_put_in(mfg, owner):
    pairs = {"ca": "client_ca_00.crt", "cert": "client_cert_00.crt", "key": "client_key_00.key"}
    run("pki", mfg, *(f"{owner}_{part}.0={CERTS / file}" for part, file in pairs.items()))
    content = nvs.read(mfg.read_bytes())
    for part, file in pairs.items():
        kept = content[f"{owner}_{part}"][f"{owner}_{part}.0"]
        assert kept == nvs.Value("blob", (CERTS / file).read_bytes())
    assert pki.check(content) == []


def test_what_was_put_in_comes_out(mfg, tmp_path):
    run("extract", mfg, tmp_path / "out")
    assert (tmp_path / "out/client_ca.0.pem").read_bytes() == (CERTS / "ca.crt").read_bytes()
    assert (tmp_path / "out/server_key.pem").stat().st_mode & 0o77 == 0
    assert len(list((tmp_path / "out").iterdir())) == 15


def test_show_tells_all(mfg, capsys):
    run("show", mfg)
    out = capsys.readouterr().out
    assert re.search("│ uart_baudrate +│ 115200 +│", out)
    assert "CN=client1.test" in out
    assert "256 bits" in out


@pytest.mark.parametrize("name", ["factory.hex", "factory_erase.bin"])
def test_merged_image_differs_in_the_partition_alone(built, name, tmp_path):
    merge.both(built)
    target = tmp_path / f"new{name[-4:]}"
    run("set", built / name, "max_tx_power=60", "--output", target)
    first, second = Image(built / name), Image(target)
    assert nvsreader.read(second.data)["factory_param", "max_tx_power"] == (0x11, 60)
    part = PARTS["mfg_nvs"]
    old, new = first._memory, second._memory
    if name.endswith(".hex"):
        assert set(old.addresses()) == set(new.addresses())
        old, new = old.tobinstr(), new.tobinstr()
        part = part._replace(offset=part.offset - 0x1000)
    assert old[: part.offset] == new[: part.offset]
    assert old[part.end :] == new[part.end :]


def test_folder_of_an_image_is_changed_with_what_is_merged_from_it(built):
    merge.both(built)
    run("set", built, "country_code=DE")
    for name in ("mfg_nvs.bin", "factory.hex", "factory_erase.bin"):
        data = Image(built / name).data
        assert nvsreader.read(data)["factory_param", "country_code"] == (STRING, b"DE")


def test_table_inside_at_customize_is_found(tmp_path, mfg):
    outer = [
        partitions.Partition("at_customize", 0x40, 0, 0x20000, 0xE0000),
        partitions.Partition("ota_0", 0, 0x10, 0x100000, 0x180000),
    ]
    inner = [partitions.Partition("mfg_nvs", 1, 2, 0x30000, SIZE)]
    memory = bytearray(b"\xff" * 0x100000)
    for offset, data in (
        (0x8000, partitions.binary(outer)),
        (0x20000, partitions.binary(inner)),
        (0x30000, mfg.read_bytes()),
    ):
        memory[offset : offset + len(data)] = data
    path = tmp_path / "factory.bin"
    path.write_bytes(memory)
    run("set", path, "max_tx_power=50")
    found = nvsreader.read(path.read_bytes()[0x30000 : 0x30000 + SIZE])
    assert found["factory_param", "max_tx_power"] == (0x11, 50)


@contextmanager
def booted(mfg, simulate, tmp_path):
    """Give the port of a module with that data, whose name there is Edited."""
    simulate().stop()
    path = tmp_path / "module/flash/flash.img"
    memory = bytearray(path.read_bytes())
    memory[PARTS["mfg_nvs"].offset : PARTS["mfg_nvs"].end] = mfg.read_bytes()
    path.write_bytes(memory)
    with simulate(erase=False).module() as module:
        module.echo_off()
        assert "Bin version:1.0.0(Edited)" in module.ok("AT+GMR")
        yield module


def test_module_boots_with_the_edited_data(mfg, simulate, tmp_path):
    other = CERTS / "other_ca.crt"
    run("set", mfg, "module_name=Edited", "uart_baudrate=57600")
    run("pki", mfg, f"client_ca.0={other}")
    with booted(mfg, simulate, tmp_path) as module:
        assert "+UART_CUR:57600,8,1,0,0" in module.ok("AT+UART_CUR?")
        module.send('AT+SYSMFG=1,"client_ca","client_ca.0"')
        raw = module.read_until(b"\r\nOK\r\n")
        assert other.read_bytes() in raw


@pytest.mark.parametrize("length", [3967, 3968, 3999])
def test_a_module_reads_strings_that_the_generator_refuses(mfg, simulate, tmp_path, length):
    text = ("0123456789" * 400)[:length]
    content = {**nvs.read(mfg.read_bytes()), "test": {"long": nvs.Value("string", text)}}
    mfg.write_bytes(nvs.write(content, PARTS["mfg_nvs"].size))
    run("set", mfg, "module_name=Edited")
    with booted(mfg, simulate, tmp_path) as module:
        found = module.ok('AT+SYSMFG=1,"test","long"')
        assert found == [f'+SYSMFG:"test","long",7,{length},{text}']


def test_data_that_a_module_has_written_is_understood(simulate, tmp_path):
    simulator = simulate()
    with simulator.module() as module:
        module.echo_off()
        for number in range(40):  # many generations of one key, over several pages
            module.prompt(f'AT+SYSMFG=2,"factory_param","module_name",7,{5 + number % 3}')
            module.write(b"abcdefg"[: 5 + number % 3])
            assert module.finish().ok
    simulator.stop()
    memory = (tmp_path / "module/flash/flash.img").read_bytes()
    path = tmp_path / "read.bin"
    path.write_bytes(memory)
    content = nvs.read(Image(path).data)
    assert content["factory_param"]["module_name"] == Value("string", "abcde")
    part = PARTS["mfg_nvs"]
    found = nvsreader.read(memory[part.offset : part.end])
    assert found == flat(content)


@pytest.mark.parametrize(
    ("pair", "complaint"),
    [
        ("uart_baudrate=fast", "is a number"),
        ("uart_baudrate=6000000", "from 80 to 5000000"),
        ("uart_port=0", "from 1 to 1"),
        ("max_tx_power=20", "from 40 to 84"),
        ("module_name=", "1 to 32"),
        ("country_code=de", "two capital letters"),
        ("country_code=GER", "2 to 2"),
        ("channel_num=14", None),
        ("start_channel=5", "lead to channel 17"),
        ("uart_tx_pin=28", "the ESP32-S2 has no GPIO 28, or has the flash there"),
        ("uart_tx_pin=21", "are both GPIO 21"),
        ("uart_tx_pin=46", "can only be an input"),
        ("uart_tx_pin=-1", "from 0 to 46"),
        ("nosuch=1", "there is no parameter 'nosuch'; there are version"),
        ("nothing", "is not NAME=VALUE"),
    ],
)
def test_value_that_makes_no_sense_is_refused_and_loses_nothing(mfg, capsys, pair, complaint):
    before = mfg.read_bytes()
    if complaint is None:
        run("set", mfg, pair)
        return
    assert complaint in refused(capsys, "set", mfg, pair)
    assert mfg.read_bytes() == before


def test_pins_are_those_of_the_board_it_is_for(mfg, capsys):
    pins = ("uart_tx_pin=7", "uart_rx_pin=6", "uart_cts_pin=5", "uart_rts_pin=4")
    run("set", mfg, *pins, "--board", "ESP32_C3_MINI_AT")
    assert "the ESP32-C3 has no GPIO 17" in refused(
        capsys, "set", mfg, "uart_tx_pin=17", "--board", "ESP32_C3_MINI_AT"
    )
    run("set", mfg, "uart_tx_pin=17")


def test_pin_of_the_log_is_only_warned_of(mfg, capsys):
    run("set", mfg, "uart_tx_pin=43")
    assert "GPIO 43 is the log's UART0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("pair", "complaint"),
    [
        ("client_cert.0=/no/such/file", "cannot read /no/such/file"),
        (f"client_cert.0={CERTS}/server.key", "is no certificate"),
        (f"client_key.0={CERTS}/ca.crt", "is no private key"),
        (f"client.0={CERTS}/ca.crt", "there is no slot 'client.0'"),
        ("server_ca.9=", "server_ca.9 is not there"),
    ],
)
def test_file_that_does_not_belong_there_is_refused(mfg, capsys, pair, complaint):
    before = mfg.read_bytes()
    assert complaint in refused(capsys, "pki", mfg, pair)
    assert mfg.read_bytes() == before


def test_file_that_is_too_long_is_refused(mfg, capsys, tmp_path):
    long = tmp_path / "long.crt"
    long.write_bytes((CERTS / "ca.crt").read_bytes() * 10)
    assert "a slot takes 4000" in refused(capsys, "pki", mfg, f"client_ca.0={long}")


def test_certificate_and_key_that_are_no_pair_are_warned_of(mfg, capsys):
    run("pki", mfg, f"client_cert.0={CERTS}/server_cert.crt")
    assert "client_cert.0 and client_key.0 are not a pair" in capsys.readouterr().err
    run("pki", mfg, "client_key.0=")
    assert "client_cert.0 has no client_key.0" in capsys.readouterr().err


def test_what_make_mfg_leaves_gives_no_warning(mfg):
    content = nvs.read(mfg.read_bytes())
    assert values.check(content["factory_param"], boards.S2) == []
    assert pki.check(content) == []


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no mfg_nvs in it"),
        (b"\xff" * 5000, "no mfg_nvs in it"),
        (b"\xff" * SIZE, None),
        (b"\x55" * SIZE, "no NVS partition, or a damaged one"),
        (b":00000001FF\n", "is no image of the flash"),
        (b":nonsense\n", "is no Intel HEX file"),
    ],
)
def test_file_without_the_partition(tmp_path, capsys, content, complaint):
    path = tmp_path / "image"
    path.write_bytes(content)
    if complaint is None:  # blank: nothing was ever written to it
        run("set", path, "max_tx_power=60")
        assert nvsreader.read(path.read_bytes()) == {("factory_param", "max_tx_power"): (0x11, 60)}
        return
    assert complaint in refused(capsys, "show", path)


def test_file_that_is_not_there(capsys, tmp_path):
    assert "cannot read the image" in refused(capsys, "show", tmp_path / "nosuch")


def test_target_that_cannot_be_written_leaves_the_image(mfg, capsys, tmp_path):
    before = mfg.read_bytes()
    refused(capsys, "set", mfg, "max_tx_power=60", "-o", tmp_path / "no/folder")
    assert mfg.read_bytes() == before


def test_script_says_what_it_does():
    done = subprocess.run(
        [sys.executable, ROOT / "tools/factory.py", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "tools/factory.py pki build/firmware" in done.stdout
