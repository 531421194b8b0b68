"""What a product may demand beyond the reference: signatures, versions, passwords, few clients."""

import base64
import hashlib
import socket
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from at.wire.image import Image, numbers
from tests_host.firmware.webbench import Bench
from tools.params import nvs, sign, values
from tools.peers import espimage


def image(version="v9.9.9"):
    return espimage.compose([espimage.describe(version, filling=20_000), b"code" * 1000])


KEY = serialization.load_pem_private_key(sign.new_key(), None)
OTHER = serialization.load_pem_private_key(sign.new_key(), None)
SIGNED = sign.sign(image(), KEY)


def changed(data, at):
    copy = bytearray(data)
    copy[at] ^= 1
    return bytes(copy)


# On the PC.


@given(st.integers(1, 5000), st.integers(0, 100))
def test_the_signature_is_found_however_the_image_is_cut(size, surplus):
    whole = SIGNED + bytes(surplus)
    found = Image(1 << 20, espimage.CHIP_ESP32_S2)
    for start in range(0, len(whole), size):
        found.take(memoryview(whole)[start : start + size])
    found.end()
    assert found.signature == SIGNED[len(image()) + 8 :]
    assert found.digest == hashlib.sha256(image()[:-32]).digest()


@given(st.binary(max_size=200))
def test_what_is_behind_an_image_is_never_an_error(behind):
    found = Image(1 << 20, espimage.CHIP_ESP32_S2)
    found.take(memoryview(image() + behind))
    found.end()
    assert isinstance(found.signature, bytes)


def test_the_tool_signs_and_verifies(tmp_path, capsys):
    key, public, plain, out = (tmp_path / name for name in ("key", "public", "plain", "out"))
    plain.write_bytes(image())
    assert sign.main(["new", str(key)]) == 0
    assert key.stat().st_mode & 0o777 == 0o600
    assert sign.main(["new", str(key)]) == 1  # never over a key
    assert sign.main(["public", str(key), str(public)]) == 0
    assert sign.main(["verify", str(public), str(plain)]) == 1
    assert sign.main(["image", str(key), str(plain), str(out)]) == 0
    assert sign.main(["verify", str(public), str(out)]) == 0
    assert sign.main(["image", str(key), str(out), str(out)]) == 0  # in place of the old one
    assert sign.main(["verify", str(public), str(out)]) == 0
    out.write_bytes(changed(out.read_bytes(), -1))
    assert sign.main(["verify", str(public), str(out)]) == 1
    for wrong in (public, plain):
        assert sign.main(["image", str(wrong), str(plain), str(out)]) == 1
    assert sign.main(["image", str(key), str(key), str(out)]) == 1
    assert "no firmware image" in capsys.readouterr().err


def test_versions_are_compared_by_their_numbers():
    rising = ("0.9", "v1.0.0", "1.0.1", "1.2", "v1.10.0-rc1", "1.10.0-rc2", "2", "2.0", "10.0")
    assert sorted(rising, key=numbers) == list(rising)
    for wrong in ("", "v", "x1", "-1"):
        with pytest.raises(ValueError, match="no number"):
            numbers(wrong)


# On the module.


class Locked(Bench):
    def mfg(self, space, key, kind, data):
        if kind < 7:
            self.module.ok(f'AT+SYSMFG=2,"{space}","{key}",{kind},{data}')
            return
        self.module.prompt(f'AT+SYSMFG=2,"{space}","{key}",{kind},{len(data)}')
        self.module.write(data)
        assert self.module.finish().ok

    def offer(self, data, status, words="", partition="ota"):
        answer = self.page.upload(data, partition)
        assert answer.status == status, answer
        if words:
            assert words in answer.json["error"]
        self.module.quiet(50)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    from tests_host.firmware.webbench import boot

    simulator = boot(tmp_path_factory.mktemp("locks"), 32)
    with simulator.module(timeout_s=60) as module:
        yield Locked(simulator, module)
    simulator.stop()


@pytest.fixture
def bench(shared):
    yield shared
    for space, key in (
        *(("ota_key", "ota_key"), ("factory_param", "no_downgrade")),
        ("factory_param", "web_password"),
    ):
        shared.module.command(f'AT+SYSMFG=0,"{space}","{key}"')
    shared.module.ok('AT+WEBPASSWORD=""')


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_only_signed_firmware_is_taken(bench, form):
    bench.offer(image(), 200)
    encoding = getattr(serialization.Encoding, form)
    public = KEY.public_key().public_bytes(
        encoding, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    bench.mfg("ota_key", "ota_key", 8, public)
    bench.offer(SIGNED, 200)
    bench.offer(SIGNED + bytes(5000), 200)
    for wrong in (
        image(),
        image() + bytes(100),
        SIGNED[: len(image()) + 7],
        SIGNED[: len(image()) + 8],
    ):
        bench.offer(wrong, 422, "not signed")
    for wrong in (
        sign.sign(image(), OTHER),
        changed(SIGNED, -1),
        SIGNED[:-1],
        image("v1") + SIGNED[len(image()) :],
    ):
        bench.offer(wrong, 422, "signature is wrong")
    for partition in ("mfg_nvs", "fatfs"):  # by which the key would be replaced
        bench.offer(b"\xff" * 4096, 409, "only signed firmware", partition)
    bench.offer(SIGNED, 200)


@pytest.mark.parametrize("key", [b"rubbish", b"-----BEGIN PUBLIC KEY-----\n", b"", b"\0" * 91])
def test_a_key_that_is_none_lets_nothing_pass(bench, key):
    bench.mfg("ota_key", "ota_key", 8, key or b"x")
    bench.offer(SIGNED, 422, "no public key")
    bench.offer(image(), 422, "not signed")


def test_older_firmware_is_not_taken(bench):
    bench.offer(image("v0.1"), 200)
    bench.mfg("factory_param", "no_downgrade", 1, 1)
    bench.offer(image("v0.1"), 422, "older")
    bench.offer(image("0.9.9"), 422, "older")
    bench.offer(image("nonsense"), 422, "no number")
    bench.offer(espimage.compose([b"x" * 5000]), 422, "which version")
    running = bench.module.ok("AT+GMR")[-1]
    same = running.split(":")[1].split("(")[0]
    bench.offer(image(same), 200)
    bench.offer(image("v9.0"), 200)


def known(password, name="anybody"):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


PATHS = ("/", "/getstainfo", "/getotainfo", "/getaprecord")


def test_the_page_wants_a_password(bench):
    assert bench.page.get("/").status == 200
    assert bench.module.ok("AT+WEBPASSWORD?") == ["+WEBPASSWORD:0"]
    bench.module.ok('AT+WEBPASSWORD="päss:word"')
    assert bench.module.ok("AT+WEBPASSWORD?") == ["+WEBPASSWORD:1"]
    for path in PATHS:
        answer = bench.page.get(path)
        assert answer.status == 401, path
        assert answer.fields["www-authenticate"].startswith("Basic ")
    for wrong in ("Basic", "Basic !", "Bearer x", "Digest a=b", known("wrong"), known("")):
        assert bench.page.get("/getotainfo", Authorization=wrong).status == 401, wrong
    assert bench.page.upload(image(), Authorization=known("pass:word")).status == 401
    assert bench.page.post("/setstainfo", {"ssid": "x"}).status == 401
    good = known("päss:word")
    for _ in range(2):
        assert bench.page.get("/", Authorization=good).status == 200
        assert bench.page.get("/getotainfo", Authorization=good).json["state"] == 0
    assert bench.page.upload(image(), Authorization=good).status == 200
    bench.module.quiet(100)
    bench.module.ok('AT+WEBPASSWORD=""')
    assert bench.page.get("/").status == 200


def test_a_new_password_ends_the_old_one(bench):
    bench.module.ok('AT+WEBPASSWORD="old"')
    assert bench.page.get("/", Authorization=known("old")).status == 200
    bench.module.ok('AT+WEBPASSWORD="new"')
    assert bench.page.get("/", Authorization=known("old")).status == 401
    assert bench.page.get("/", Authorization=known("new")).status == 200


def test_the_password_of_the_factory_and_that_of_the_host(bench):
    kept = values.parse("web_password", "factory's").value
    assert "factory" not in kept
    bench.mfg("factory_param", "web_password", 7, kept.encode())
    assert bench.page.get("/").status == 401
    assert bench.page.get("/", Authorization=known("factory's")).status == 200
    bench.module.ok('AT+WEBPASSWORD="mine"')
    assert bench.page.get("/", Authorization=known("factory's")).status == 401
    assert bench.page.get("/", Authorization=known("mine")).status == 200


def test_a_damaged_hash_lets_nobody_in(bench):
    bench.mfg("factory_param", "web_password", 7, b"no hash at all")
    assert bench.page.get("/").status == 401
    assert bench.page.get("/", Authorization=known("no hash at all")).status == 503


def test_the_password_is_not_in_flash(bench):
    bench.module.ok('AT+WEBPASSWORD="correct horse"')
    flash = (bench.simulator.folder / "flash" / "flash.img").read_bytes()
    assert b"correct horse" not in flash
    store = nvs.read(flash[0x12000 : 0x12000 + 0xE000])["at"]["web_password"].value
    raw = bytes.fromhex(store.decode())
    assert raw[8:] == hashlib.pbkdf2_hmac("sha256", b"correct horse", raw[:8], 1000)


@contextmanager
def two_links(simulate):
    """Give a joined module whose factory allows strangers two links."""
    with simulate(bits=32).module(timeout_s=60) as module:
        module.echo_off()
        module.ok('AT+SYSMFG=2,"factory_param","server_links",1,2')
        module.ok("AT+CWMODE=1")
        module.ok('AT+CWJAP="espressif","1234567890"')
        yield module


def test_strangers_take_no_more_links_than_the_factory_allows(simulate):
    with two_links(simulate) as module:
        module.ok("AT+CIPMUX=1")
        assert module.ok("AT+CIPSERVERMAXCONN?") == ["+CIPSERVERMAXCONN:2"]
        module.error("AT+CIPSERVERMAXCONN=3")
        module.ok("AT+CIPSERVERMAXCONN=1")
        module.ok("AT+CIPSERVERMAXCONN=2")
        ip = module.ok("AT+CIPSTA?")[0].split('"')[1]
        module.ok("AT+CIPSERVER=1,7001")
        clients = [socket.create_connection((ip, 7001)) for _ in range(4)]
        module.read_until(b"0,CONNECT\r\n")
        module.read_until(b"1,CONNECT\r\n")
        assert b"CONNECT" not in module.quiet(300)
        for client in clients:
            client.close()


def test_without_the_parameter_the_log_says_nothing_of_it(simulate):
    simulator = simulate(bits=32)
    with simulator.module(timeout_s=60) as module:
        module.ok("AT+CIPMUX=1")
        assert module.ok("AT+CIPSERVERMAXCONN?") == ["+CIPSERVERMAXCONN:5"]
    assert "server_links" not in simulator.log_text()


def test_strangers_take_no_more_seeds_of_a_socket_server_either(simulate):
    with two_links(simulate) as module:
        module.ok("AT+SOCKET=3,7002")
        ip = module.ok("AT+CIPSTA?")[0].split('"')[1]
        clients = [socket.create_connection((ip, 7002)) for _ in range(4)]
        for client in clients[2:]:  # the others are closed
            client.settimeout(30)
            assert client.recv(1) == b""
        rows = [line for line in module.ok("AT+SOCKET?") if not line.startswith("+EVENT")]
        assert len(rows) == 3  # the server and two seeds
        for client in clients:
            client.close()
