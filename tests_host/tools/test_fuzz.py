"""The fuzzer: its input is reproducible, and it notices what it must notice."""

import random
import socket

import dnslib
import pytest

from tests_host.fakemodule import FakeModule
from tools.catalogue.declarations import all_commands
from tools.fuzz import tlswild, wild
from tools.fuzz.burst import Burst, load
from tools.fuzz.bursts import Bursts
from tools.fuzz.drive import Driver, FuzzFailure
from tools.fuzz.peers import Peers, edit_at, play
from tools.fuzz.phases import World
from tools.host.atclient import Module

PORTS = frozenset(("echo", "udp_echo", "mqtt", "mqtts", "mqtt_ws", "mqtt_wss"))


class Simulator:
    """Stands for a running simulator whose log the test writes."""

    running = True

    def __init__(self):
        self.log = ""
        self.end = ""

    def how_it_ended(self):
        return self.end

    def log_text(self, start=0):
        return self.log[start:]

    def act(self, act):
        return {"ok": True, "world": {"address": "127.0.0.1"}, "act": act}


@pytest.fixture
def bursts():
    return Bursts(7, all_commands(), World(("words",), ports=PORTS))


@pytest.fixture
def simulator():
    return Simulator()


@pytest.fixture
def driver(fake, simulator):
    with Module(fake.port, timeout_s=1.0) as module:
        yield Driver(simulator, module)


def test_a_burst_can_be_made_again(bursts):
    again = Bursts(7, all_commands(), World(("words",), ports=PORTS))
    assert [bursts.make(i).chunks for i in range(50)] == [again.make(i).chunks for i in range(50)]


def test_all_kinds_of_bursts_come_up(bursts):
    kinds = {bursts.make(i).kind for i in range(2000)}
    assert kinds == {
        "valid", "boundary", "damaged", "phase", "random", "half", "long", "crowd", "mixed",
        "passthrough", "links", "server", "http", "mqtt", "names", "update", "sockets", "files",
        "disturbed", "websockets", "webserver", "memory", "deaf", "flash", "tls",
    }  # fmt: skip


def test_no_burst_sleeps_for_long(bursts):
    data = b"".join(bursts.make(i).data + b"|" for i in range(3000))
    assert b"AT+GSLP" in data
    assert all(rest[:1] in b"0?" for rest in data.split(b"GSLP=")[1:])


@pytest.mark.parametrize(
    "data", [b"AT\r\n", b"AT+DATA=700\r\nshort", b"AT+EC", b"\r\r\n\0", b"AT\r\n" * 40]
)
def test_whatever_is_left_open_is_ended(driver, data):
    driver.run(Burst(0, "test", [(0, data)]))
    driver.run(Burst(1, "test", [(0, b"AT\r\n")]))


def test_a_restart_nobody_asked_for_is_a_failure(fake, driver):
    driver.run(Burst(0, "test", [(0, b"AT+RST\r\n")]))
    assert driver.restarts == 1
    fake.say(b"\r\nready\r\n")
    with pytest.raises(FuzzFailure, match="restarted after burst 1"):
        driver.run(Burst(1, "test", [(0, b"AT\r\n")]))


@pytest.mark.parametrize(
    "line",
    [
        "==1==ERROR: AddressSanitizer: heap-use-after-free",
        "x.c:1: runtime error: shift exponent 40 is too large",
        "AT+X failed unexpectedly:\nKeyError: 1",
    ],
)
def test_a_report_in_the_log_is_a_failure(driver, simulator, line):
    simulator.log = "all is well\n" + line
    with pytest.raises(FuzzFailure, match="in the log"):
        driver.run(Burst(0, "test", [(0, b"AT\r\n")]))


def test_an_end_is_explained(simulator):
    simulator.end = "the simulator ended by signal SIGKILL"
    with FakeModule() as gone:
        module = Module(gone.port, timeout_s=1.0)
    with module, pytest.raises(FuzzFailure, match="SIGKILL"):
        Driver(simulator, module).run(Burst(0, "test", [(0, b"AT\r\n")]))


def test_running_out_of_heap_is_not_a_failure(driver, simulator):
    simulator.log = "AT+X failed unexpectedly:\nMemoryError: memory allocation failed"
    driver.run(Burst(0, "test", [(0, b"AT\r\n")]))


def test_a_failing_run_is_saved_and_can_be_replayed(driver, tmp_path):
    burst = Burst(3, "test", [(0, b"AT\r\n"), (1, b"\0\xff"), (0, {"peer": "cut"})])
    driver.run(burst)
    assert load(driver.save(tmp_path, 9)) == [burst]


def test_acts_are_kept_in_bursts_with_names_for_ports(bursts):
    made = [bursts.make(i) for i in range(400)]
    acts = [act for burst in made for act in burst.acts]
    assert {"script", "mangle", "dial"} <= {act.get("peer") for act in acts}
    assert {"dns_servers", "ap_down"} <= {act.get("do") for act in acts}
    assert any(b",<echo>" in burst.data for burst in made)


def test_a_host_that_waits_for_its_answer_reads_it(driver):
    waits = Burst(0, "test", [(0, b"AT\r\n"), (0, {"host": "answer", "ms": 5000})])
    driver.run(waits)
    assert driver.heard["OK"] >= 2


@pytest.fixture
def peers(simulator):
    with Peers(simulator) as started:
        yield started


def connect(peers, name):
    sock = socket.create_connection(("127.0.0.1", peers.ports[name]), 5)
    sock.settimeout(5)
    return sock


def test_names_of_ports_become_numbers(peers):
    number = str(peers.ports["echo"]).encode()
    assert peers.fill(b"127.0.0.1,<echo> <nobody>") == b"127.0.0.1," + number + b" <nobody>"


def test_a_scripted_peer_does_its_steps(peers):
    peers.act({"peer": "script", "steps": [["hear"], ["say", "6869"], ["end"]]})
    with connect(peers, "script") as sock:
        sock.sendall(b"anyone?")
        assert sock.recv(10) == b"hi"
        assert sock.recv(10) == b""


def test_a_mangled_way_has_its_accidents_where_they_are_ordered(peers):
    edits = [[1, 1, "xor", 1], [1, 3, "insert", "2d2d"], [0, 6, "drop", 1]]
    peers.act({"peer": "mangle", "edits": edits})
    with connect(peers, "bad_echo") as sock:
        sock.sendall(b"abcdef")
        sock.sendall(b"xg")
        got = b""
        while len(got) < 9:
            got += sock.recv(10)
        assert got == b"acc--defg"


def test_records_have_their_accidents_where_they_are_ordered(peers):
    one, two, three = (tlswild.record(22, text) for text in (b"one", b"two", b"three"))
    records = [[0, 0, "swap", 1], [0, 2, "split", 2]]
    peers.act({"peer": "mangle", "edits": [], "records": records})
    want = two + one + b"".join(tlswild.record(22, text) for text in (b"th", b"re", b"e"))
    with connect(peers, "bad_echo") as sock:
        sock.sendall(one + two[:3])
        sock.sendall(two[3:] + three)
        got = b""
        while len(got) < len(want):
            got += sock.recv(100)
        assert got == want


@pytest.mark.parametrize("what", tlswild.RECORD_EDITS)
def test_each_accident_of_a_record_changes_what_is_passed_on(what):
    own = [tlswild.record(22, b"hello"), tlswild.record(22, b"done")][: 1 + (what == "swap")]
    assert tlswild.changed(list(own), 1, what, 1) != own


def test_a_deaf_host_reads_later_and_flash_is_flipped(driver, simulator, tmp_path):
    driver.run(Burst(0, "test", [(0, b"AT\r\n"), (0, {"host": "deaf", "ms": 50})]))
    simulator.folder = tmp_path
    (tmp_path / "flash").mkdir()
    image = tmp_path / "flash" / "flash.img"
    image.write_bytes(bytes(4 << 20))
    driver.run(Burst(1, "test", [(0, {"host": "flips", "part": "nvs", "seed": 3})]))
    assert any(image.read_bytes()[0x12000:0x20000])
    assert not any(image.read_bytes()[:0x12000])


def test_a_task_that_dies_for_want_of_memory_is_a_failure(driver, simulator):
    simulator.log = "Task exception wasn't retrieved\nMemoryError: memory allocation failed"
    with pytest.raises(FuzzFailure, match="in the log"):
        driver.run(Burst(0, "test", [(0, b"AT\r\n")]))


def test_hostile_peers_are_cut_when_the_burst_is_over(peers):
    peers.act({"peer": "script", "steps": [["say", "6869"]]})
    with connect(peers, "script") as sock:
        assert sock.recv(10) == b"hi"
        peers.hush()
        assert sock.recv(10) == b""


def test_edits_tell_how_much_longer_the_data_is():
    data = bytearray(b"abcdef")
    assert edit_at(data, 1, "drop", 2) == -2
    assert edit_at(data, 1, "insert", "00") == 1
    assert data == b"a\0def"


def test_a_client_of_a_websocket_is_accepted():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        play(theirs, [["accept"], ["end"]])
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in ours.recv(1000)


@pytest.mark.parametrize(
    "make", [wild.http, wild.request, wild.mqtt, wild.websocket, wild.junk, tlswild.steps]
)
def test_what_peers_say_is_made_of_known_steps(make):
    words = {step[0] for i in range(200) for step in make(random.Random(i))}
    assert words <= {"say", "hear", "pause", "accept", "end", "reset"}


def test_names_are_answered_well_and_badly():
    packets = [
        bytes.fromhex(each) for i in range(200) for each in wild.dns(random.Random(i), "a.b")
    ]
    good = 0
    for packet in packets:
        try:
            good += bool(dnslib.DNSRecord.parse(packet).rr)
        except (dnslib.DNSError, ValueError):
            continue
    assert 10 < good < len(packets) - 10
    assert all(len(bytes.fromhex(each)) for each in wild.sntp(random.Random(1)))
