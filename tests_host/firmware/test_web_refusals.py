"""What the web server of AT+WEBSERVER refuses: other sites, broken, huge and slow requests."""

import contextlib
import threading
import time

import pytest

from tests_host.firmware.webbench import HASTE_S, PORT
from tests_host.simulator.waiting import wait_for
from tools.peers import webclient


@pytest.fixture
def bench(web):
    return web


@pytest.fixture
def hasty(web):
    with web.haste():
        yield


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
        assert answer.status == 415
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
    assert (answer.status, answer.phrase) == (405, "Method Not Allowed")


@pytest.mark.parametrize(
    ("method", "path", "fields", "status"),
    [
        ("GET", "/", {}, (200, "OK")),
        ("GET", "/nothing", {}, (404, "Not Found")),
        ("POST", "/setstainfo", {}, (415, "Unsupported Media Type")),
        ("POST", "/setstainfo", {"Content_Type": webclient.JSON}, (400, "Bad Request")),
        ("POST", "/setstainfo", {"Origin": "http://evil.example"}, (403, "Forbidden")),
        ("POST", "/setotadata", {"Object": "nothing"}, (400, "Bad Request")),
        ("POST", "/", {}, (405, "Method Not Allowed")),
    ],
)
def test_every_status_has_its_phrase(bench, method, path, fields, status):
    answer = bench.page.ask(method, path, **fields)
    assert (answer.status, answer.phrase) == status


def test_a_body_without_its_type_is_told_what_is_missing(bench):
    for path in ("/setstainfo", "/getresult"):
        answer = bench.page.ask("POST", path, b'{"ssid": "x"}')
        assert answer.status == 415
        assert answer.json == {"error": "the field Content-Type has to be application/json"}


# Requests that are none.

LINE = b"GET / HTTP/1.1\r\nHost: 192.168.4.1\r\n"


BAD_FIELDS = (
    b"no colon",
    b": no name",
    b"a b: c",
    b" folded: x",
    b"Host: other",
    b"Origin: a\0b",
    b"Content-Length: 5\r\nContent-Length: 5",
    b"Content-Length: -5",
    b"Content-Length: +5",
    b"Content-Length: 5_0",
    b"Content-Length: 99999999999",
)


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
        *((LINE + fields + b"\r\n\r\n", 400) for fields in BAD_FIELDS),
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
    wait_for(lambda: bench.free() > before - 1000)  # once the last visitor has left


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
    idle = [webclient.connect(bench.place) for _ in range(7)]  # there are places for four
    for number, sock in enumerate(idle):
        sock.sendall(LINE[: number + 3])
    assert bench.page.get("/getstainfo").status == 200
    for sock in idle:
        sock.close()


@pytest.mark.usefixtures("hasty")
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
    assert bench.news() == []


def test_who_sends_a_refused_body_slowly_keeps_nobody_out(bench):
    head = bench.page.head("POST", "/nowhere", {}, 100_000)
    slow = [webclient.connect(bench.place) for _ in range(4)]  # all places that there are
    for sock in slow:
        sock.sendall(head + b"x")
    for sock in slow:
        assert sock.recv(4096).startswith((b"HTTP/1.0 40", b"HTTP/1.1 40"))
    for _ in range(3):
        for sock in slow:
            with contextlib.suppress(ConnectionError):
                sock.sendall(b"x")
        assert bench.page.get("/getstainfo").status == 200
    for sock in slow:
        sock.close()
    assert bench.news() == []


NASTY = (
    b"{",
    b"\xff\xfe",
    b'{"ssid":1,"password":[]}',
    b"[" * 400,
    b'{"ssid":"' + b"\xc3" * 60 + b'"}',
    b"nul",
    b'"' * 9,
)


@pytest.mark.parametrize(
    "path", ["/setstainfo", "/getresult", "/setotadata", "/%zz%00", "/?a=%ff"]
)
def test_a_visitor_cannot_write_tracebacks_into_the_log(bench, path):
    own = {**webclient.OWN, "Content-Type": "application/json"}
    mark = len(bench.simulator.log_text())
    for body in NASTY:
        bench.raw(bench.page.head("POST", path, own, len(body)) + body)
        with webclient.connect(bench.place) as sock:  # one that leaves in the middle
            sock.sendall(bench.page.head("POST", path, own, 50 + len(body)) + body)
    assert bench.page.get("/getstainfo").status == 200
    assert "Traceback" not in bench.simulator.log_text()[mark:]
    bench.news()


def is_ended(sock):
    """Send a byte; return whether the connection has ended."""
    try:
        sock.sendall(b"x")
        return not sock.recv(1)
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("start", [b"", b"head"])
@pytest.mark.usefixtures("hasty")
def test_a_byte_now_and_then_is_not_enough(bench, start):
    head = bench.page.head("POST", "/setstainfo", webclient.OWN, 500)
    json_head = head.replace(b"Accept:", b"Content-Type: application/json\r\nAccept:")
    with webclient.connect(bench.place) as sock:
        sock.sendall(json_head if start else b"POST /")
        sock.settimeout(HASTE_S / 10)
        until = time.monotonic() + 90
        while not is_ended(sock):
            assert time.monotonic() < until
    assert bench.news() == []


@pytest.mark.parametrize("turn", ["first", "again"])
def test_the_end_of_the_server_ends_everything_at_once(bench, turn):
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
    if turn == "again":  # the first upload of all makes what stays
        wait_for(lambda: bench.free() > before + 1000)  # what it needs is given back, in the end
    bench.module.ok(f"AT+WEBSERVER=1,{PORT},21")
    assert turn == "first" or bench.free() > before - 500
    assert bench.page.get("/getstainfo").status == 200
