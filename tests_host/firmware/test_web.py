"""The web server of AT+WEBSERVER over HTTP: the page, joining, the captive portal."""

import json
import re
import socket

import dnslib
import pytest

from tests_host.firmware.webbench import PORT
from tools.peers import webclient


@pytest.fixture
def bench(web):
    return web


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
    with bench.haste():
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
    for answer in (second, bench.page.get("/getaprecord")):
        assert answer.status == 409
        assert answer.json["error"] == (
            "the module is joining a network at the moment; wait until that is over"
        )
    reply = bench.module.command('AT+CWJAP="espressif","1234567890"')
    assert reply.result == "ERROR"
    bench.module.ok("AT+CWMODE=2")  # takes the station away
    assert bench.page.settled()["reason"] == "ended"
    refused = bench.page.post("/setstainfo", {"ssid": "silent"})
    assert refused.status == 409 and "station is off" in refused.json["error"]
    assert "station is off" in bench.page.get("/getaprecord").json["error"]
    bench.module.ok("AT+CWMODE=3")


def test_a_join_by_command_is_not_disturbed(bench):
    bench.module.send('AT+CWJAP="silent","",,,,,,3')
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


def ask_name(bench, packet, tries=20):
    """Ask the portal's name server, again if need be; return the answer, None if there is none."""
    for _ in range(tries):
        for port in (53, 53 + webclient.SHIFT):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(0.3)
                sock.connect((bench.ip, port))
                try:
                    sock.send(packet)
                    return sock.recv(2000)
                except (ConnectionError, TimeoutError):
                    continue
    return None


def test_every_name_is_the_softaps(bench):
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
        ask_name(bench, garbage, 1)
    assert ask_name(bench, dnslib.DNSRecord.question("still.there").pack())


def test_the_portal_follows_the_softap(bench):
    query = dnslib.DNSRecord.question("a.test").pack()
    bench.module.ok('AT+CIPAP="10.1.2.3"')
    answer = dnslib.DNSRecord.parse(ask_name(bench, query))
    assert [str(row.rdata) for row in answer.rr] == ["10.1.2.3"]
    moved = bench.page.get("/generate_204", Host="x.test")
    assert moved.fields["location"] == "http://10.1.2.3:8080/"
    assert bench.page.get("/", Host="192.168.4.1").status == 302
    bench.module.ok('AT+CIPAP="192.168.4.1"')
    bench.module.ok('AT+CWJAP="espressif","1234567890"')  # there has to be a way to the server
    bench.module.ok("AT+CWMODE=1")
    assert ask_name(bench, query, 1) is None
    assert bench.page.get("/generate_204", Host="x.test").status == 403
    bench.module.ok("AT+CWQAP")
    bench.module.ok("AT+CWMODE=3")
    assert ask_name(bench, query) is not None
    bench.module.ok("AT+WEBSERVER=0")
    assert ask_name(bench, query, 1) is None
    bench.module.ok("AT+CWMODE=1")
    bench.module.ok(f"AT+WEBSERVER=1,{PORT},21")
    assert ask_name(bench, query, 1) is None
    bench.module.ok("AT+CWMODE=3")
    assert ask_name(bench, query) is not None


def test_the_state_of_the_server_is_forgotten_with_it(bench):
    assert join(bench, "nowhere")["state"] == 2
    bench.news()
    bench.module.ok("AT+WEBSERVER=0")
    bench.module.ok(f"AT+WEBSERVER=1,{PORT},21")
    assert json.loads(bench.page.get("/getstainfo").body)["state"] == 0
