"""Updates end to end: a simulated module and the reference server, or one that misbehaves."""

import hashlib
import ssl
import time

import pytest
import trustme

from tests_host.firmware.updatebench import IMAGE, SLOT, Bench, Running
from tools.peers import espimage


@pytest.fixture
def store(tmp_path):
    """Return a folder with two versions."""
    folder = tmp_path / "store"
    for version in ("v1.9.0", "v1.10.0"):
        (folder / version).mkdir(parents=True)
        (folder / version / "ota.bin").write_bytes(IMAGE)
    (folder / "v1.9.0" / "fatfs.bin").write_bytes(b"user data " * 1000)
    return folder


@pytest.fixture
def server(store):
    running = Running(store)
    yield running
    running.close()


@pytest.fixture
def bench(simulate):
    simulator = simulate()
    with simulator.module(timeout_s=30) as module:
        yield Bench(simulator, module)


@pytest.mark.parametrize("way", ["plain", "closing", "chunked", "moved"])
def test_userota_installs_an_image_however_it_is_sent(bench, server, way):
    assert bench.userota(f"{server.url}/odd/{way}").ok
    assert bench.slot_after_restart(line=None) == "ota_1"
    assert bench.slot_after_restart() == "ota_1"  # it was confirmed


def test_the_next_update_goes_to_the_other_slot(bench, server):
    for slot in ("ota_1", "ota_0"):
        assert bench.userota(f"{server.url}/odd/plain").ok
        assert bench.slot_after_restart(line=None) == slot
        bench.module.read_until(b"WIFI GOT IP\r\n")
        bench.module.echo_off()


FAILURES = [
    ("html", "begins with 0x3c", 0),
    ("cut", "in the middle", 0),
    ("cut-closing", "cut off after 30000 bytes", 0),
    ("damaged", "SHA-256 is wrong", 0),
    ("other-chip", "for another chip", 0),
    ("large", "larger than the slot", 0),
    ("endless-head", "the head does not end", 0),
    ("no-http", "no HTTP server", 0),
    ("circle", "without end", 0),
    ("missing", "status 404", 0x7000 + 404),
]


def test_the_old_firmware_stays_after_any_failure(bench, server):
    for path, words, ext in FAILURES:
        reason, code = bench.failed(bench.userota(f"{server.url}/odd/{path}"))
        assert words in reason, path
        assert code == ext, path
    for address, words in (
        (b"http://nowhere.invalid/x", "there is no host"),
        (b"http://127.0.0.1:9/x", "connection refused"),
        (b"ftp://127.0.0.1/x", "begins with http"),
        (b"http://127.0.0.1/a b", "no spaces"),
        (b"\xff\xfe", "begins with http"),
    ):
        assert words in bench.failed(bench.userota(address))[0]
    assert bench.slot_after_restart() == "ota_0"


def test_surplus_bytes_behind_the_url_are_answered_busy(bench, server):
    address = f"{server.url}/odd/html".encode()
    bench.module.ok("AT+SYSLOG=0")
    bench.module.prompt(f"AT+USEROTA={len(address)}")
    bench.module.write(address + b"\r\n")
    bench.module.expect(b"\r\nRecv %d bytes\r\n\r\nbusy p...\r\n" % len(address))
    assert bench.module.finish(timeout_s=60).result == "ERROR"


def test_a_power_cut_in_the_middle_leaves_the_old_firmware(bench, server):
    address = f"{server.url}/odd/plain".encode()
    bench.simulator.act("power_cut 9")
    bench.module.prompt(f"AT+USEROTA={len(address)}")
    bench.module.write(address)
    assert bench.slot_after_restart(line=None) == "ota_0"


def test_the_newest_version_and_blocking_updates(bench, server):
    bench.use(server)
    assert bench.module.ok("AT+CIPFWVER?") == ['+CIPFWVER:"v1.10.0"']
    assert bench.module.ok("AT+CIUPDATE?") == ["+CIPUPDATE:0"]
    reply = bench.module.command("AT+CIUPDATE", timeout_s=60)
    assert reply.raw == b"".join(b"+CIPUPDATE:%d\r\n" % n for n in (1, 2, 3, 4)) + b"\r\nOK\r\n"
    assert bench.slot_after_restart(line=None) == "ota_1"


def test_a_background_update_leaves_the_port_to_the_host(bench, server):
    bench.use(server)
    version = server.server.store.manifest("v1.9.0")
    version["images"]["ota"]["url"] = "/odd/slow"
    server.server.store.manifest = lambda _: version
    bench.module.ok('AT+CIUPDATE=0,"v1.9.0","ota",1')
    bench.module.read_until(b"+CIPUPDATE:3\r\n")
    assert bench.module.ok("AT+CIUPDATE?") == ["+CIPUPDATE:3"]
    assert "an update is running" in bench.failed(bench.module.command("AT+CIUPDATE"))[0]
    assert "an update is running" in bench.failed(bench.module.command("AT+USEROTA=9"))[0]
    assert bench.module.ok("AT+CIPSTATE?") == []
    server.server.gate.set()
    bench.module.read_until(b"+CIPUPDATE:4\r\n", timeout_s=60)
    assert bench.module.ok("AT+CIUPDATE?") == ["+CIPUPDATE:4"]
    assert bench.slot_after_restart() == "ota_1"


def test_a_background_update_that_fails_says_so(bench, server):
    bench.use(server)
    bench.module.ok("AT+CIUPDATE=0,,,1")
    bench.module.read_until(b"+CIPUPDATE:4\r\n", timeout_s=60)
    bench.module.ok('AT+CIUPDATE=0,"v0.0.1",,1')
    bench.module.expect(b"+CIPUPDATE:1\r\n+CIPUPDATE:2\r\n+CIPUPDATE:-1\r\n")
    assert bench.module.ok("AT+CIUPDATE?") == ["+CIPUPDATE:-1"]


def test_a_user_partition_is_updated_and_the_module_goes_on(bench, server):
    bench.use(server)
    reply = bench.module.command('AT+CIUPDATE=0,"v1.9.0","fatfs"', timeout_s=60)
    assert reply.lines == tuple(f"+CIPUPDATE:{n}" for n in (1, 2, 3, 4))
    bench.module.send('AT+SYSFLASH=2,"fatfs",0,20')
    bench.module.expect(b"+SYSFLASH:20,user data user data \r\nOK\r\n")


def test_a_certificate_is_replaced_as_a_whole_or_not_at_all(bench, server, store):
    bench.use(server)
    for name, key in (("mqtt_ca", "mqtt_ca"), ("client_ca", "client_ca.0")):
        (store / "v1.9.0" / f"{name}.bin").write_bytes(b"x" * 4001)
        failed = bench.module.command(f'AT+CIUPDATE=0,"v1.9.0","{name}"')
        assert "at most 4000" in bench.failed(failed)[0]
        (store / "v1.9.0" / f"{name}.bin").write_bytes(b"new " + name.encode())
        assert bench.module.ok(f'AT+CIUPDATE=0,"v1.9.0","{name}"')[-1] == "+CIPUPDATE:4"
        shown = bench.module.ok(f'AT+SYSMFG=1,"{name}","{key}"')
        assert shown == [f'+SYSMFG:"{name}","{key}",8,{len(name) + 4},new {name}']


def test_a_server_that_falls_silent_is_given_up(bench, server):
    address = f"{server.url}/odd/stuck"
    assert "takes longer than" in bench.failed(bench.userota(address))[0]


def manifest(**changes):
    """Return a manifest of v1 whose image differs from the good one as told."""
    row = {"url": "/odd/plain", "size": len(IMAGE), "sha256": hashlib.sha256(IMAGE).hexdigest()}
    return {"version": "v1", "images": {"ota": {**row, **changes}}}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (manifest(size=len(IMAGE) - 1), "not the one that the update server describes"),
        (manifest(sha256="00" * 32), "not the one that the update server describes"),
        (manifest(url="/odd/damaged"), "SHA-256 is wrong"),
        (manifest(sha256="zz"), "badly"),
        (manifest(url=5), "badly"),
        ({"version": "v1", "images": []}, "badly"),
        ({"version": "v1", "images": {}}, "no image ota"),
        ({"version": 1}, "no manifest"),
        ([1], "no manifest"),
        ("x" * 3000, "at most 2048"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(bench, server, answer, words):
    bench.use(server)
    server.server.store.manifest = lambda _: answer
    assert words in bench.failed(bench.module.command("AT+CIUPDATE", timeout_s=60))[0]
    assert bench.slot_after_restart() == "ota_0"


def test_a_server_that_has_nothing_to_offer(bench, server, store):
    bench.mfg("factory_param", "update_server", 7, f"{server.place}/odd/html?".encode())
    assert "at most 2048" in bench.failed(bench.module.command("AT+CIPFWVER?"))[0]
    bench.mfg("factory_param", "update_server", 7, f"{server.place}/odd/page?".encode())
    assert "no manifest" in bench.failed(bench.module.command("AT+CIPFWVER?"))[0]
    bench.use(server)
    for path in store.rglob("*.bin"):
        path.unlink()
    assert "no image ota" in bench.failed(bench.module.command("AT+CIUPDATE"))[0]


@pytest.fixture
def authority():
    return trustme.CA()


def context(authority, *names):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(made)
    return made


@pytest.fixture
def secure(store, authority):
    running = Running(store, context(authority, "updates.test"))
    running.place = running.place.replace("127.0.0.1", "updates.test")
    running.url = f"https://{running.place}"
    yield running
    running.close()


def test_https_takes_any_certificate_as_long_as_there_is_no_authority(bench, secure):
    bench.use(secure)
    assert bench.module.command("AT+CIUPDATE=1", timeout_s=60).ok
    assert bench.slot_after_restart(line=None) == "ota_1"


def test_https_never_leads_to_http(bench, secure):
    assert "from HTTPS to HTTP" in bench.failed(bench.userota(f"{secure.url}/odd/downgrade"))[0]


def test_with_an_authority_servers_must_prove_who_they_are(bench, secure, authority):
    bench.module.ok(f"AT+SYSTIMESTAMP={int(time.time())}")
    stranger = trustme.CA().cert_pem.bytes()
    bench.mfg("ota_ca", "ota_ca", 8, stranger)
    reason, ext = bench.failed(bench.userota(f"{secure.url}/odd/plain"))
    assert "unknown CA" in reason and ext == 0x5001
    bench.mfg("ota_ca", "ota_ca", 8, authority.cert_pem.bytes())
    wrong = secure.url.replace("updates.test", "other.test")
    assert "wrong name" in bench.failed(bench.userota(f"{wrong}/odd/plain"))[0]
    assert bench.userota(f"{secure.url}/odd/plain").ok
    assert bench.slot_after_restart(line=None) == "ota_1"


def test_the_chips_heap_is_enough_for_an_image_as_large_as_the_slot(simulate, store):
    room = SLOT - 400 - 4096
    image = espimage.compose([espimage.describe("v2", filling=1000), bytes(room - 1000)])
    (store / "v1.10.0" / "ota.bin").write_bytes(image)
    running = Running(store)
    with simulate(bits=32).module(timeout_s=60) as module:
        bench = Bench(None, module)
        bench.use(running)
        assert module.command("AT+CIUPDATE", timeout_s=120).ok
    running.close()
