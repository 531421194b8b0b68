"""Updates through the web server: good files, bad ones, broken connections, power cuts."""

import re

import pytest

from tests_host.firmware.updatebench import IMAGE, damaged, slot_after_restart
from tests_host.firmware.webbench import Bench
from tools.peers import espimage, webclient

SLOT = 0x180000
_LENGTH = len(IMAGE)
NEWS = ["+WEBSERVERRSP:3", "+WEBSERVERRSP:5"]


class Uploads(Bench):
    """A module that is to be updated."""

    def slot_after_restart(self, line="AT+RST"):
        return slot_after_restart(self.simulator, self.module, line)

    def serve_again(self):
        self.hear("WIFI GOT IP")
        self.module.echo_off()
        self.module.ok("AT+WEBSERVER=1,8080,21")

    def begin(self, partition="ota", length=_LENGTH, data=b""):
        """Send the head of an upload and a part of its body; return the open connection."""
        sock = webclient.connect(self.place)
        fields = {**webclient.OWN, "Object": partition}
        sock.sendall(self.page.head("POST", "/setotadata", fields, length) + data)
        return sock


@pytest.fixture(params=[64, 32])
def bench(request, simulate):
    simulator = simulate(bits=request.param)
    with simulator.module(timeout_s=60) as module:
        yield Uploads(simulator, module)


def test_a_good_image_runs_from_the_next_start_and_the_next_goes_to_the_other_slot(bench):
    for slot in ("ota_1", "ota_0"):
        assert bench.page.upload(IMAGE).json == {"state": 0}
        assert bench.news() == ["+WEBSERVERRSP:3", "+WEBSERVERRSP:4"]
        assert bench.slot_after_restart() == slot
        bench.serve_again()


BAD = [
    (b"<html>" * 5000, "begins with 0x3c"),
    (damaged(IMAGE), "SHA-256 is wrong"),
    (IMAGE[:-1], "cut off"),
    (IMAGE[:10], "cut off"),
    (espimage.compose([espimage.describe("v1")], chip=9), "for another chip"),
    (espimage.compose([espimage.describe("v1")], hashed=False), "without its SHA-256"),
    (IMAGE[:24] + b"\xff" * 5000, "larger than the slot"),
]


def test_bad_images_are_refused_and_the_old_firmware_stays(bench):
    for data, words in BAD:
        answer = bench.page.upload(data)
        assert answer.status == 422
        assert words in answer.json["error"]
        assert bench.news() == NEWS
    assert bench.slot_after_restart() == "ota_0"


def test_what_cannot_fit_is_refused_before_it_comes(bench):
    for partition, length in (
        ("ota", SLOT + 1),
        ("fatfs", 50_000_000),
        ("nvs", 10),
        ("otadata", 10),
        ("ota_1", 10),
        ("vfs", 10),
        ("../main.py", 10),
    ):
        with bench.begin(partition, length, b"x" * 10) as sock:
            sock.shutdown(1)
            answer = webclient.read_answer(sock)
        assert answer.status == 413
        assert answer.json["error"]
    assert bench.page.upload(b"").status == 400
    assert bench.page.upload(IMAGE, partition="").status in (400, 413)
    assert bench.news() == []
    assert bench.page.upload(IMAGE).status == 200


def test_user_data_is_written_as_it_is(bench):
    assert bench.page.upload(b"user data " * 1000, "fatfs").status == 200
    bench.module.quiet(20)
    bench.news()
    bench.module.send('AT+SYSFLASH=2,"fatfs",9990,10')
    bench.module.expect(b"+SYSFLASH:10,user data \r\nOK\r\n")


def test_a_client_that_leaves_changes_nothing(bench):
    for part in (0, 100, 30_000, len(IMAGE) - 1):
        bench.begin(data=IMAGE[:part]).close()
        bench.hear(*NEWS)
    with bench.begin(data=IMAGE[:-1]) as sock:
        sock.shutdown(1)  # it still listens
        assert webclient.read_answer(sock).status == 400
    bench.hear(*NEWS)
    assert bench.slot_after_restart() == "ota_0"


def test_one_update_at_a_time_whoever_brings_it(bench):
    with bench.begin(data=IMAGE[:20_000]) as first:
        bench.hear("+WEBSERVERRSP:3")
        second = bench.page.upload(IMAGE)
        assert second.status == 409 and "an update is running" in second.json["error"]
        reply = bench.module.command("AT+USEROTA=9")
        assert [line for line in reply.lines if "an update is running" in line]
        assert bench.page.get("/getstainfo").status == 200
        first.sendall(IMAGE[20_000:])
        assert webclient.read_answer(first).status == 200
    bench.hear("+WEBSERVERRSP:4")
    assert bench.slot_after_restart() == "ota_1"


def test_commands_are_answered_while_an_image_comes(bench):
    with bench.begin() as sock:
        for start in range(0, _LENGTH, 5000):
            bench.module.ok("AT+SYSLOG=1")
            sock.sendall(IMAGE[start : start + 5000])
            bench.module.ok("AT+CWMODE?")
        assert webclient.read_answer(sock).status == 200


def test_a_power_cut_at_any_write_leaves_a_firmware_that_runs(bench):
    """The image has 15 sectors of two writes each; then the slot is switched."""
    image = espimage.compose([espimage.describe("v2", filling=2000)])
    seen = []
    for number in range(1, 40):
        bench.simulator.act(f"power_cut {number}")
        try:
            sure = bench.page.upload(image).status == 200
        except OSError:
            sure = False
        if sure:
            seen.append(True)
            break
        seen.append(bench.slot_after_restart(line=None) == "ota_1")
        if seen[-1]:  # the cut came between the switch and the word of it
            break
        bench.serve_again()
    assert seen[-1] and not any(seen[:-1])
    assert len(seen) > 3


def test_the_heap_is_enough_for_an_image_as_large_as_the_slot(bench):
    room = SLOT - 400 - 4096
    image = espimage.compose([espimage.describe("v2", filling=1000), bytes(room - 1000)])
    assert bench.page.upload(image).status == 200
    assert re.match(r"ota_1", bench.slot_after_restart())
