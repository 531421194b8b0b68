"""`make conformance` against a port: the simulated module's TCP port stands for a real one."""

import gc
import json
import os
import pty
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from html.parser import HTMLParser

import pytest
import serial
from serial import rfc2217

from pins import ROOT
from tests_host.tools.reports import FACTS, NAME, entries, results
from tools.conformance import __main__ as conformance
from tools.conformance import collect, compare, report
from tools.host.atclient import Module
from tools.host.bytelog import ByteLog
from tools.peers.servers import Server

VOID = {"meta", "input", "link", "br"}


def run(url, folder, *words):
    """Run the command and return what it left behind."""
    command = [sys.executable, "-m", "tools.conformance", url, "--folder", str(folder), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


class Page(HTMLParser):
    """Checks that every element is closed, and remembers what the page loads."""

    def __init__(self, text):
        super().__init__()
        self.open, self.loads, self.tags = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.loads += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_bench_is_judged_recorded_and_compared(simulate, tmp_path, free_port):
    port = f"127.0.0.1:{free_port()}"
    simulate(options=("--tcp", port))
    url, select = f"socket://{port}", ("--", "-k", "basic_lines or basic_uart or wifi_join")
    wifi = ("--ssid", "espressif", "--password", "1234567890")

    done = run(url, tmp_path, "--reference", *wifi, *select)
    assert done.returncode == 0, done.stdout + done.stderr
    tests = json.loads((tmp_path / "reference.json").read_text())["tests"]
    assert tests[NAME.format("basic_lines")]["outcome"] == "recorded"
    assert tests[NAME.format("basic_lines")]["reason"] == "0 places differ from the transcript"

    done = run(url, tmp_path, *wifi, *select)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AT version:" in done.stdout
    text = (tmp_path / "conformance.json").read_text()
    tests = json.loads(text)["tests"]
    assert "1234567890" not in text  # the password is nobody's business
    assert tests[NAME.format("wifi_join")]["outcome"] == "passed"
    assert any(">" in entry for entry in tests[NAME.format("wifi_join")]["log"])
    assert tests[NAME.format("basic_uart")] | {"seconds": 0} == {
        "outcome": "skipped",
        "title": tests[NAME.format("basic_uart")]["title"],
        "reason": "the bench does not offer a simulated module",
        "log": [],
        "seconds": 0,
    }
    page = (tmp_path / "conformance.html").read_text()
    assert "All that ran passed" in page
    assert Page(page).loads == []
    assert "lines differ" not in page


def test_without_an_access_point_what_needs_it_is_skipped_with_the_reason(
    simulate, tmp_path, free_port
):
    port = f"127.0.0.1:{free_port()}"
    simulate(options=("--tcp", port))
    done = run(f"socket://{port}", tmp_path, "--", "-k", "wifi_join]")
    assert "what needs an access point is skipped" in done.stdout
    tests = json.loads((tmp_path / "conformance.json").read_text())["tests"]
    assert [test["reason"] for test in tests.values()] == [
        "the bench does not offer an access point (SSID)"
    ]
    assert done.returncode == 0


def test_failure_shows_the_place_and_the_bytes(simulate, tmp_path, free_port):
    port = f"127.0.0.1:{free_port()}"
    simulate(options=("--tcp", port))
    wifi = ("--ssid", "espressif", "--password", "wrong password")
    done = run(f"socket://{port}", tmp_path, *wifi, "--", "-k", "wifi_join]")
    assert done.returncode == 1
    page = (tmp_path / "conformance.html").read_text()
    assert "1 failed" in page
    assert re.search(r"wifi_join\.at:\d+: ", page)
    assert "+CWJAP:" in page
    Page(page)


def test_nobody_answers(capsys, monkeypatch):
    monkeypatch.setattr(conformance, "_ATTEMPTS", 1)
    master, slave = pty.openpty()
    try:
        assert conformance.main([os.ttyname(slave)]) == 1
    finally:
        os.close(master)
        os.close(slave)
    error = capsys.readouterr().err
    assert error.startswith("error: nobody answers AT on /dev/")
    assert "at 115200 baud" in error


def test_port_that_is_not_there(capsys):
    assert conformance.main(["/dev/no-such-port"]) == 1
    assert "error: cannot open /dev/no-such-port" in capsys.readouterr().err


def pass_on(client, there, manager):
    """Pass bytes between a client and a port until the client goes."""
    client.settimeout(0.02)
    while True:
        try:
            data = client.recv(1024)
        except TimeoutError:
            data = None
        if data == b"":
            return
        if data:
            there.write(b"".join(manager.filter(data)))
        said = there.read(4096)
        if said:
            client.sendall(b"".join(manager.escape(said)))


@contextmanager
def rfc2217_server(url):
    """Offer a port as ser2net does, by pyserial's own server; give its URL."""

    def serve(client):
        with (
            client.makefile("wb", buffering=0) as writer,
            serial.serial_for_url(url, timeout=0) as there,
        ):
            pass_on(client, there, rfc2217.PortManager(there, writer))

    with Server(serve) as server:
        yield f"rfc2217://127.0.0.1:{server.port}"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_port_behind_rfc2217_is_spoken_to():
    with rfc2217_server("loop://") as url, Module(url, timeout_s=5.0) as module:
        module.send("AT+ECHO=5")
        assert module.read_until(b"\r\n") == b"AT+ECHO=5\r\n"
    del module
    gc.collect()  # pyserial may leave its socket to it


def test_a_module_behind_rfc2217_is_judged(simulate, tmp_path, free_port):
    port = f"127.0.0.1:{free_port()}"
    simulate(options=("--tcp", port))
    with rfc2217_server(f"socket://{port}") as url:
        done = run(url, tmp_path, "--", "-k", "basic_gmr or basic_strings")
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_make_needs_a_port():
    done = subprocess.run(["make", "conformance"], cwd=ROOT, capture_output=True, text=True)
    assert "make conformance needs PORT=" in done.stderr
    assert done.returncode == 2


def test_make_passes_what_it_is_given_on():
    command = [
        "make",
        "-n",
        "conformance",
        "PORT=/dev/ttyX",
        "SSID=my net",
        "PASSWORD=a b",
        "REFERENCE=1",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    words = " ".join(done.stdout.replace("\\\n", " ").split())
    assert (
        '-m tools.conformance "$(python3 tools/build/ports.py --quiet conformance "/dev/ttyX")" '
        '--ssid "my net" --password "a b" --reference --' in words
    )


@pytest.mark.parametrize(
    ("port", "address"),
    [("socket://127.0.0.1:7", "127.0.0.1"), ("socket://localhost:7", "127.0.0.1")],
)
def test_module_behind_a_local_port_reaches_us_locally(port, address):
    assert conformance.host_ip(port) == address


def test_pieces_in_which_bytes_came_do_not_count():
    whole = entries((">", "AT\\r\\n"), ("<", "\\r\\nOK\\r\\n"))
    parts = entries((">", "AT\\r\\n"), ("<", "\\r\\nO"), ("<", "K\\r\\n"))
    assert {state for state, _, _ in compare.rows(whole, parts)} == {"same"}


def test_difference_stands_beside_its_counterpart():
    theirs = entries((">", "AT+X?\\r\\n"), ("<", "+X:1\\r\\n\\r\\nOK\\r\\n"))
    ours = entries((">", "AT+X?\\r\\n"), ("<", "+X:2\\r\\n\\r\\nOK\\r\\n"))
    rows = compare.rows(theirs, ours)
    assert [row for row in rows if row[0] == "differs"] == [
        ("differs", "< +X:1\\r\\n", "< +X:2\\r\\n")
    ]


def test_line_that_one_has_not_stands_alone():
    ours = entries(("<", "ready\\r\\n"))
    assert compare.rows([], ours) == [("differs", "", "< ready\\r\\n")]


def test_page_shows_outcomes_reasons_and_times():
    text = report.page(
        results(
            basic_a={"title": "One <thing> & another", "log": entries((">", "AT\\r\\n"))},
            basic_b={"outcome": "failed", "reason": "file.at:3: expected <OK>"},
            wifi_c={"outcome": "skipped", "reason": "the bench does not offer: wifi"},
        )
    )
    page = Page(text)
    assert page.loads == []  # one file, nothing fetched
    outcomes = [found["data-outcome"] for tag, found in page.tags if tag == "details"]
    assert outcomes == ["passed", "failed", "skipped"]
    assert "One &lt;thing&gt; &amp; another" in text
    assert "expected &lt;OK&gt;" in text
    assert "the bench does not offer: wifi" in text
    assert re.search(r"<h2>basic <small>1 pass, 1 fail</small>", text)
    assert "<td>0.000</td><td>→</td><td>AT\\r\\n</td>" in text
    assert "light-dark(" in text


def test_nothing_that_ran_is_no_green_headline():
    skipped = report.page(results(basic_a={"outcome": "skipped", "reason": "no SSID"}))
    assert '<h1 class="nothing">Nothing ran</h1>' in skipped
    recorded = report.page(results(basic_a={"outcome": "recorded"}))
    assert '<h1 class="nothing">Recorded</h1>' in recorded
    assert '<h1 class="passed">All that ran passed</h1>' in report.page(results(basic_a={}))


def test_names_are_whole_and_stand_once():
    base = {"outcome": "passed", "title": "", "reason": "", "log": [], "seconds": 0.5}
    names = ["test_http.py::test_a[x[1]]", "test_http.py::test_b", NAME.format("basic_x")]
    text = report.page({"facts": FACTS, "tests": {name: dict(base) for name in names}})
    for shown in ("test_a[x[1]]", "test_b", "basic_x"):
        assert text.count(f">{shown}<") == 1


def test_an_older_report_is_kept(simulate, tmp_path, free_port):
    port = f"127.0.0.1:{free_port()}"
    simulate(options=("--tcp", port))
    url = f"socket://{port}"
    assert run(url, tmp_path, "--", "-k", "basic_lines]").returncode == 0
    first = (tmp_path / "conformance.html").read_text()
    done = run(url, tmp_path, "--", "-k", "there_is_no_such_test")
    assert done.returncode == 1
    assert "nothing ran, so an older report stays" in done.stderr
    assert (tmp_path / "conformance.html").read_text() == first
    assert run(url, tmp_path, "--", "-k", "basic_gmr]").returncode == 0
    assert (tmp_path / "conformance.old.html").read_text() == first


def test_ctrl_c_keeps_what_ran(simulate, tmp_path, free_port):
    port = f"127.0.0.1:{free_port()}"
    simulate(options=("--tcp", port))
    command = [sys.executable, "-m", "tools.conformance", f"socket://{port}"]
    # Many of them: the run must not be over before the Ctrl-C.
    command += ["--folder", str(tmp_path), "--", "-k", "basic_ or sys_ or http_"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        said = b""
        while not re.search(rb"is skipped\n[^.]*\.", said) and process.poll() is None:
            said += process.stdout.read(1)
        os.killpg(process.pid, signal.SIGINT)
        rest, error = process.communicate(timeout=120)
    assert b"ended by Ctrl-C; what ran is kept" in error, (said, rest, error)
    assert b"Traceback" not in error
    tests = json.loads((tmp_path / "conformance.json").read_text())["tests"]
    assert tests


def test_page_sets_both_firmwares_side_by_side():
    ours = results(basic_a={"log": entries(("<", "OK\\r\\n"))})
    theirs = results(basic_a={"log": entries(("<", "ERROR\\r\\n"))})
    theirs["facts"] = {"firmware": "AT version:4.1.0.0"}
    text = report.page(ours, theirs)
    assert "1 lines differ" in text
    assert '<tr class="differs"><td>&lt; ERROR\\r\\n</td><td>&lt; OK\\r\\n</td></tr>' in text
    assert "AT version:4.1.0.0" in text


def test_very_long_log_keeps_its_ends():
    log = ByteLog()
    for number in range(1000):
        log.add("!", b"%d" % number)
    found = collect.readable(log)
    assert len(found) == collect._MOST_ENTRIES + 1
    assert (found[0][2], found[-1][2]) == ("0", "999")
    assert found[200][2] == "600 entries left out"


def test_very_long_entry_is_cut():
    log = ByteLog()
    log.add("<", b"x" * 2000)
    assert collect.readable(log)[0][2].endswith("x ... 1400 bytes more")
