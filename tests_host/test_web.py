"""The web server of AT+WEBSERVER over HTTP: its answers, and what it refuses."""

import json
import re
import socket
import threading
import time

import pytest

from tools import webclient
from tools.simprocess import Simulator

PORT = 8080
WORLD = """
[[ap]]
ssid = "espressif"
password = "1234567890"
channel = 6
rssi = -42
[[ap]]
ssid = "silent"
channel = 1
dhcp = false
[[ap]]
ssid = '<b>"Zoë" \\ 😀</b>'
password = "päss-wörd"
rssi = -60
[[ap]]
ssid = "espressif"
password = "1234567890"
bssid = "ca:d7:19:00:00:99"
rssi = -80
[[ap]]
ssid = "never seen"
hidden = true
"""
SNIFF = """
import gc
from at.command import command

FREE = command("+HEAPFREE", "Bytes of the GC heap that are free")


@FREE.query
def free_query(at):
    gc.collect()
    at.reply(gc.mem_free())
"""


class Bench:
    """A module with a softAP and its web server; `page` visits it."""

    def __init__(self, simulator, module, port=PORT, limit_s=21):
        self.simulator = simulator
        self.module = module
        module.echo_off()
        module.ok("AT+SYSLOG=2")
        module.ok("AT+CWMODE=1")
        module.ok('AT+CWJAP="espressif","1234567890"')
        lines = module.ok("AT+CIPSTA?")
        self.ip = re.search(r'"(.*)"', lines[0])[1]
        module.ok("AT+CWQAP")
        module.read_until(b"WIFI DISCONNECT\r\n")
        module.ok("AT+CWMODE=3")
        module.ok(f"AT+WEBSERVER=1,{port},{limit_s}")
        self.place = (self.ip, port)
        self.page = webclient.Page(self.place)

    def news(self):
        """Return what the AT port has said by itself."""
        known = -1
        while len(self.module.buffer) > known:
            known = len(self.module.buffer)
            self.module.pump(0.2)
        return bytes(self.module.take(len(self.module.buffer))).decode().split()

    def hear(self, *words):
        for word in words:
            self.module.read_until(word.encode() + b"\r\n")

    def raw(self, data):
        """Send bytes; return the answer, None if there is none."""
        with webclient.connect(self.place) as sock:
            try:
                sock.sendall(data)
                return webclient.read_answer(sock)
            except ConnectionError:
                return None

    def free(self):
        return int(self.module.ok("AT+HEAPFREE?")[0].split(":")[1])


def boot(folder, bits):
    world = folder / "world.toml"
    world.write_text(WORLD)
    simulator = Simulator(folder / "module", bits=bits, options=("--world", str(world)))
    simulator.put_user_file("heap.py", SNIFF)
    return simulator.start(erase=True)


@pytest.fixture(scope="module", params=[64, 32])
def running(request, tmp_path_factory):
    simulator = boot(tmp_path_factory.mktemp("web"), request.param)
    with simulator.module(timeout_s=60) as module:
        yield Bench(simulator, module)
    simulator.stop()


@pytest.fixture
def bench(running):
    """Return the bench, which a test leaves as it was: the server runs, nothing is joined."""
    running.module.quiet(20)
    running.news()
    return running


# The page and what it asks for.


def test_the_page_needs_nothing_from_elsewhere_and_is_small(bench):
    answer = bench.page.get("/")
    assert answer.status == 200
    assert answer.fields["content-type"] == "text/html; charset=utf-8"
    assert len(answer.body) < 30 * 1024
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|(src|@import)=?", answer.text)
    assert "default-src 'none'" in answer.fields["content-security-policy"]
    assert "unsafe" not in answer.fields["content-security-policy"]
    assert answer.fields["cache-control"] == "no-store"
    assert answer.fields["x-content-type-options"] == "nosniff"


def test_a_head_request_has_no_body(bench):
    answer = bench.raw(bench.page.head("HEAD", "/", {}, None))
    assert answer is None or answer.body == b""


def test_the_list_of_networks_has_each_name_once_the_strongest_first(bench):
    answer = bench.page.get("/getaprecord")
    assert answer.json == {
        "state": 0,
        "message": "scan done",
        "aplist": [
            {"ssid": "espressif", "rssi": -42, "auth_mode": 3},
            {"ssid": "silent", "rssi": -50, "auth_mode": 0},
            {"ssid": '<b>"Zoë" \\ 😀</b>', "rssi": -60, "auth_mode": 3},
        ],
    }


def test_versions_and_partitions_are_told(bench):
    info = bench.page.get("/getotainfo").json
    assert (info["fw_version"], info["at_core_version"]) == ("1.0.0", "3.4.0.0")
    assert info["partitions"] == ["ota", "mfg_nvs", "fatfs"]
    assert info["name"] == "MINI-1"


def test_nothing_is_told_of_a_password(bench):
    assert bench.page.get("/getstainfo").json == {
        "state": 0,
        "message": "waiting config",
        "sta_ssid": "",
        "sta_password": "",
        "reason": "",
        "has_link": False,
        "joined": "",
        "ip": "",
        "limit": 21,
    }


# Joining.


def join(bench, ssid, password=""):
    assert bench.page.post("/setstainfo", {"ssid": ssid, "password": password}).status == 200
    return bench.page.settled()


def leave(bench):
    bench.module.ok("AT+CWQAP")
    bench.hear("WIFI DISCONNECT")
    bench.page.post("/getresult", {"received": 1})
    bench.news()


def test_a_join_that_works_is_told_until_the_page_knows(bench):
    news = join(bench, "espressif", "1234567890")
    assert (news["state"], news["message"]) == (1, "connect OK")
    assert (news["sta_ssid"], news["ip"], news["joined"]) == ("espressif", bench.ip, "espressif")
    assert news["has_link"]
    assert bench.news() == ["+WEBSERVERRSP:1", "WIFI", "CONNECTED", "WIFI", "GOT", "IP"]
    assert bench.page.get("/getstainfo").json["state"] == 1
    assert bench.page.post("/getresult", {"received": 1}).status == 200
    assert bench.news() == ["+WEBSERVERRSP:2"]
    bench.page.post("/getresult", {"received": 1})
    assert bench.news() == []
    news = bench.page.get("/getstainfo").json
    assert (news["state"], news["joined"]) == (0, "espressif")
    leave(bench)


@pytest.mark.parametrize(
    ("ssid", "password", "reason"),
    [
        ("espressif", "wrong password", "password"),
        ("nowhere", "1234567890", "absent"),
        ("espressif", "", "absent"),  # none of that name is open
        ("silent", "1234567890", "absent"),  # with a password no open one is joined
    ],
)
def test_a_join_that_fails_says_why(bench, ssid, password, reason):
    news = join(bench, ssid, password)
    assert (news["state"], news["message"], news["reason"]) == (2, "connect fail", reason)
    assert bench.news() == ["+WEBSERVERRSP:1"]


def test_a_network_without_dhcp_is_told_from_one_that_does_not_answer(bench):
    news = join(bench, "silent")
    assert (news["state"], news["reason"]) == (2, "address")
    assert bench.news()[:3] == ["+WEBSERVERRSP:1", "WIFI", "CONNECTED"]


def test_names_and_passwords_may_have_any_letters(bench):
    news = join(bench, '<b>"Zoë" \\ 😀</b>', "päss-wörd")
    assert (news["state"], news["joined"]) == (1, '<b>"Zoë" \\ 😀</b>')
    leave(bench)


def test_after_a_failure_the_old_network_is_joined_again(bench):
    bench.module.ok('AT+CWJAP="espressif","1234567890"')
    assert join(bench, "nowhere")["state"] == 2
    bench.hear("+WEBSERVERRSP:1", "WIFI DISCONNECT", "WIFI CONNECTED", "WIFI GOT IP")
    leave(bench)


def test_one_join_at_a_time(bench):
    first = bench.page.post("/setstainfo", {"ssid": "silent"})
    second = bench.page.post("/setstainfo", {"ssid": "espressif", "password": "1234567890"})
    assert (first.status, second.status) == (200, 409)
    assert "provisioned" in second.json["error"]
    assert bench.page.get("/getaprecord").status == 409
    reply = bench.module.command('AT+CWJAP="espressif","1234567890"')
    assert reply.result == "ERROR"
    bench.module.ok("AT+CWMODE=2")  # takes the station away
    assert bench.page.settled()["reason"] == "ended"
    refused = bench.page.post("/setstainfo", {"ssid": "silent"})
    assert refused.status == 409 and "station is off" in refused.json["error"]
    assert "station is off" in bench.page.get("/getaprecord").json["error"]
    bench.module.ok("AT+CWMODE=3")


def test_a_join_by_command_is_not_disturbed(bench):
    bench.module.send('AT+CWJAP="silent","",,,,,,5')
    bench.hear("WIFI CONNECTED")
    refused = bench.page.post("/setstainfo", {"ssid": "espressif", "password": "1234567890"})
    assert refused.status == 409 and "joining a network already" in refused.json["error"]
    assert bench.module.finish(timeout_s=30).result == "ERROR"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"ssid"',
        b"{}",
        b'{"ssid": 5}',
        b'{"ssid": ""}',
        b'{"ssid": "a", "password": null}',
        b'{"ssid": "%s"}' % (b"s" * 33),
        b'{"ssid": "a", "password": "%s"}' % (b"p" * 64),
        b'{"ssid": "\xff\xfe"}',
        b"[" * 500,
        b"\0" * 100,
        b'{"ssid": "a", "filling": "%s"}' % (b"f" * 600),
    ],
)
def test_bodies_that_make_no_sense_are_refused(bench, body):
    answer = bench.page.ask("POST", "/setstainfo", body, Content_Type=webclient.JSON)
    assert answer.status == 400
    assert answer.json["error"]
    assert bench.news() == []


# Requests that are not the page's own.


@pytest.mark.parametrize(
    "fields",
    [
        {"X_Requested_With": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://192.168.4.1"},
        {"Origin": "http://192.168.4.1.evil.example"},
        {"Origin": "http://192.168.4.1:81"},
        {"Host": "evil.example"},
        {"Host": "192.168.4.1.evil.example"},
        {"Host": ""},
    ],
)
@pytest.mark.parametrize("path", ["/setstainfo", "/getresult", "/setotadata"])
def test_other_sites_cannot_make_a_browser_act(bench, path, fields):
    answer = bench.page.ask("POST", path, b'{"ssid": "x"}', **{"Object": "ota", **fields})
    assert answer.status == 403
    assert bench.news() == []


def test_the_own_origin_is_good(bench):
    for host in ("192.168.4.1", "192.168.4.1:8080", bench.ip):
        answer = bench.page.ask("GET", "/getstainfo", Host=host, Origin=f"http://{host}")
        assert answer.status == 200


def test_a_form_of_another_site_is_no_json(bench):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = bench.page.ask("POST", "/setstainfo", b'{"ssid": "x"}', Content_Type=kind)
        assert answer.status == 400
    assert bench.news() == []


def test_a_preflight_allows_nothing(bench):
    answer = bench.page.ask("OPTIONS", "/setstainfo", Origin="http://evil.example")
    assert answer.status == 405
    assert not [name for name in answer.fields if name.startswith("access-control")]


def test_a_scan_cannot_be_started_by_a_picture_of_another_site(bench):
    assert bench.page.ask("GET", "/getaprecord", X_Requested_With="").status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/../main.py",
        "/..%2fmain.py",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/./",
        "/user/heap.py",
        "/index.html",
        "/getstainfo/",
        "/getstainfo%00",
        "/GETSTAINFO",
        "/" + "a" * 200,
        "/?" + "a=b&" * 40 + "x",
    ],
)
def test_paths_lead_nowhere_else(bench, path):
    status = bench.page.get(path).status
    assert status == (200 if path.startswith("/?") else 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "get"])
def test_other_methods_are_refused(bench, method):
    answer = bench.page.ask(method, "/setstainfo", b"{}")
    assert answer.status == 405


# Requests that are none.

LINE = b"GET / HTTP/1.1\r\nHost: 192.168.4.1\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"GET http://192.168.4.1/ HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300) + b"\n", 400),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
        (LINE + b"no colon\r\n\r\n", 400),
        (LINE + b": no name\r\n\r\n", 400),
        (LINE + b"a b: c\r\n\r\n", 400),
        (LINE + b" folded: x\r\n\r\n", 400),
        (LINE + b"Host: other\r\n\r\n", 400),
        (LINE + b"Origin: a\0b\r\n\r\n", 400),
        (LINE + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400),
        (LINE + b"Content-Length: -5\r\n\r\n", 400),
        (LINE + b"Content-Length: +5\r\n\r\n", 400),
        (LINE + b"Content-Length: 5_0\r\n\r\n", 400),
        (LINE + b"Content-Length: 99999999999\r\n\r\n", 400),
        (LINE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (LINE + b"Origin: " + b"o" * 400 + b"\r\n\r\n", 431),
        (LINE + b"Cookie: " + b"c" * 9000 + b"\r\n\r\n", 431),
        (LINE + b"X: y\r\n" * 3000 + b"\r\n", 431),
        (LINE + b"Cookie: " + b"c" * 3000 + b"\r\nAccept: */*\r\n\r\n", 200),
        (LINE.replace(b"\r\n", b"\n") + b"\n", 200),
    ],
)
def test_broken_heads_are_refused(bench, data, status):
    answer = bench.raw(data)
    assert answer is not None and answer.status == status
    bench.module.ok("AT")


def test_endless_heads_and_bodies_cost_no_memory(bench):
    before = bench.free()
    for data in (LINE + b"Cookie: " + b"c" * 3_000_000, LINE + b"A: b\r\n" * 500_000):
        answer = bench.raw(data)
        assert answer is None or answer.status == 431
    body = b'{"ssid": "' + b"s" * 3_000_000
    answer = bench.page.ask("POST", "/setstainfo", body, Content_Type=webclient.JSON)
    assert answer.status == 400
    assert bench.free() > before - 2000


# Many at once, slow ones, and the end.


def test_many_visitors_at_once_are_all_served_and_commands_too(bench):
    failures = []

    def visit():
        for _ in range(10):
            for path in ("/", "/getstainfo", "/getotainfo"):
                if bench.page.get(path).status != 200:
                    failures.append(path)

    visitors = [threading.Thread(target=visit) for _ in range(8)]
    for visitor in visitors:
        visitor.start()
    answered = 0
    while any(visitor.is_alive() for visitor in visitors):
        bench.module.ok("AT+GMR")
        answered += 1
    for visitor in visitors:
        visitor.join()
    assert failures == []
    assert answered > 3


def ends(sock):
    """Wait for the end of a connection; return whether it came."""
    sock.settimeout(90)
    try:
        while sock.recv(4096):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


def test_who_says_nothing_makes_room_for_who_does(bench):
    idle = [webclient.connect(bench.place) for _ in range(12)]
    for number, sock in enumerate(idle):
        sock.sendall(LINE[: number + 3])
    assert bench.page.get("/getstainfo").status == 200
    for sock in idle:
        sock.close()


def test_slow_visitors_lose_their_place(bench):
    head = bench.page.head("POST", "/setstainfo", webclient.OWN, 100)
    json_head = head.replace(b"Accept:", b"Content-Type: application/json\r\nAccept:")
    slow = [webclient.connect(bench.place) for _ in range(4)]
    for sock in slow:
        sock.sendall(json_head + b'{"ssid"')
    assert bench.page.get("/getstainfo").status == 200  # after the first of them has gone
    assert all(ends(sock) for sock in slow)
    for sock in slow:
        sock.close()
    lone = webclient.connect(bench.place)
    stop = time.monotonic() + 90
    lone.settimeout(1)
    while time.monotonic() < stop:  # a byte now and then is not enough
        try:
            lone.sendall(b"G")
            if not lone.recv(1):
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    else:
        pytest.fail("a request of one byte a second is never ended")
    lone.close()
    assert bench.news() == []


def test_the_end_of_the_server_ends_everything_at_once(bench):
    before = bench.free()
    idle = webclient.connect(bench.place)
    idle.sendall(LINE)
    waiting = webclient.connect(bench.place)
    head = bench.page.head("POST", "/setotadata", {**webclient.OWN, "Object": "fatfs"}, 50_000)
    waiting.sendall(head + b"x" * 30_000)
    bench.hear("+WEBSERVERRSP:3")
    bench.module.send("AT+WEBSERVER=0")
    bench.hear("+WEBSERVERRSP:5", "OK")
    assert ends(idle) and ends(waiting)
    with pytest.raises(ConnectionRefusedError):
        webclient.connect(bench.place)
    idle.close()
    waiting.close()
    assert bench.free() > before + 4000  # what it needs is given back
    bench.module.ok(f"AT+WEBSERVER=1,{PORT},21")
    assert bench.page.get("/getstainfo").status == 200


# Captive portal.


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("connectivitycheck.gstatic.com", "/generate_204"),
        ("captive.apple.com", "/hotspot-detect.html"),
        ("www.msftconnecttest.com", "/connecttest.txt"),
        ("detectportal.firefox.com", "/canonical.html"),
        ("www.example.com", "/"),
        ("www.example.com", "/getstainfo?x=1"),
        ("192.168.4.1", "/generate_204"),
        ("192.168.4.1", "/ncsi.txt"),
    ],
)
def test_whoever_looks_for_the_internet_finds_the_page(bench, host, path):
    answer = bench.page.get(path, Host=host)
    assert answer.status == 302
    assert answer.fields["location"] == "http://192.168.4.1:8080/"
    assert answer.body


def ask_name(bench, packet, limit_s=10.0):
    """Ask the portal's name server; return the answer, None if there is none."""
    for port in (53, 53 + webclient.SHIFT):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(limit_s)
            sock.connect((bench.ip, port))
            try:
                sock.send(packet)
                return sock.recv(2000)
            except (ConnectionError, TimeoutError):
                continue
    return None


def test_every_name_is_the_softaps(bench):
    dnslib = pytest.importorskip("dnslib")
    for name in ("captive.apple.com", "a.b.c.d.e.test", "localhost"):
        query = dnslib.DNSRecord.question(name)
        answer = dnslib.DNSRecord.parse(ask_name(bench, query.pack()))
        assert answer.header.id == query.header.id
        assert [str(row.rdata) for row in answer.rr] == ["192.168.4.1"]
        for kind in ("AAAA", "HTTPS", "MX"):
            query = dnslib.DNSRecord.question(name, kind)
            answer = dnslib.DNSRecord.parse(ask_name(bench, query.pack()))
            assert (answer.header.rcode, answer.rr) == (0, [])
    for garbage in (b"", b"x", bytes(500), b"\xff" * 60):
        ask_name(bench, garbage, 0.05)
    assert ask_name(bench, dnslib.DNSRecord.question("still.there").pack())


def test_the_portal_follows_the_softap(bench):
    dnslib = pytest.importorskip("dnslib")
    query = dnslib.DNSRecord.question("a.test").pack()
    bench.module.ok('AT+CIPAP="10.1.2.3"')
    answer = dnslib.DNSRecord.parse(ask_name(bench, query))
    assert [str(row.rdata) for row in answer.rr] == ["10.1.2.3"]
    moved = bench.page.get("/generate_204", Host="x.test")
    assert moved.fields["location"] == "http://10.1.2.3:8080/"
    assert bench.page.get("/", Host="192.168.4.1").status == 302
    bench.module.ok('AT+CIPAP="192.168.4.1"')
    bench.module.ok("AT+CWMODE=1")
    assert ask_name(bench, query, 0.3) is None
    assert bench.page.get("/generate_204", Host="x.test").status == 403
    bench.module.ok("AT+CWMODE=3")
    assert ask_name(bench, query) is not None
    bench.module.ok("AT+WEBSERVER=0")
    assert ask_name(bench, query, 0.3) is None
    bench.module.ok(f"AT+WEBSERVER=1,{PORT},21")


def test_the_state_of_the_server_is_forgotten_with_it(bench):
    assert join(bench, "nowhere")["state"] == 2
    bench.news()
    bench.module.ok("AT+WEBSERVER=0")
    bench.module.ok(f"AT+WEBSERVER=1,{PORT},21")
    assert json.loads(bench.page.get("/getstainfo").body)["state"] == 0
