"""Nothing that is made to be passed on has the password in it, or tells whose PC it was."""

import html
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pins import ROOT
from tools.conformance import collect, report
from tools.host import privacy
from tools.host.atclient import ATMismatch, Module
from tools.host.bytelog import ByteLog

SECRET = 'my, "pass" \\ wörd&'


def logged(*pieces):
    log = ByteLog(privacy.wire_forms(SECRET))
    for direction, data in pieces:
        log.add(direction, data)
        log.add("!", b"-")  # nothing is joined
    return log


def told(text):
    """Tell which form of the secret stands in a text, if any."""
    return [form for form in privacy.text_forms(SECRET) if form in text]


@pytest.mark.parametrize("form", privacy.wire_forms(SECRET))
def test_every_way_of_writing_it_is_hidden(form):
    log = logged((">", b'AT+CWJAP="home","' + form + b'"\r\n'), ("<", b"x" + form + form + b"y"))
    texts = [text for _, way, text in collect.readable(log) if way != "!"]
    assert texts == ['AT+CWJAP="home","(password)"\\r\\n', "x(password)y"]
    assert not told(log.format())


@pytest.mark.parametrize("cut", range(1, len(SECRET.encode())))
def test_it_is_hidden_where_it_came_in_two_pieces(cut):
    data = SECRET.encode()
    log = logged(("<", b"a" + data[:cut]), (">", b"AT\r\n"), ("<", data[cut:] + b"b"))
    texts = [text for _, way, text in collect.readable(log) if way != "!"]
    assert texts == ["a(password)", "AT\\r\\n", "b"]


def test_it_is_hidden_at_the_edge_of_what_is_shown():
    log = logged(("<", b"x" * (collect._MOST_BYTES - 4) + SECRET.encode()))
    assert collect.readable(log)[0][2].startswith("x" * (collect._MOST_BYTES - 4) + "(pas ... ")


def test_failures_of_the_client_do_not_tell(fake):
    secrets = privacy.wire_forms("secret word")
    with Module(fake.port, timeout_s=0.5, secrets=secrets) as module:
        module.echo_off()
        module.send("AT+RAW=+CWJAP:secret word")
        module.read_until(b"OK\r\n")
        with pytest.raises(ATMismatch) as caught:
            module.expect(b"+CWJAP:secret wird")
    assert "(password)" in str(caught.value)
    assert "secret word" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        repr(f'AT+CWJAP="home","{privacy.escaped(SECRET)}"'),
        repr(repr(SECRET)),
        json.dumps({"line": repr(SECRET)}),
        html.escape(SECRET),
        f"assert {SECRET!r} == b'{privacy.shown(SECRET.encode())}'",
    ],
)
def test_texts_lose_it(text):
    assert told(text)
    assert not told(privacy.clean(text, SECRET))


def test_paths_do_not_tell_whose_pc_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(privacy.Path, "home", lambda: Path("/home/somebody"))
    text = f"{ROOT}/tools/x.py:3 {tmp_path}/rig0/tty /home/somebody/.ssh {ROOT}"
    cleaned = privacy.clean(text)
    assert cleaned.startswith("tools/x.py:3 TMP/")
    assert cleaned.endswith("rig0/tty ~/.ssh .")


def test_no_file_of_a_run_has_it(simulate, tmp_path, free_port):
    """What passes, what fails, and a test that quotes it: in JSON, in HTML, as a reference."""
    world = tmp_path / "world.toml"
    password = SECRET.replace("\\", "\\\\").replace('"', '\\"')
    world.write_text(f'[[ap]]\nssid = "home"\nsecurity = "wpa2_psk"\npassword = "{password}"\n')
    port = f"127.0.0.1:{free_port()}"
    simulate(options=("--tcp", port, "--world", str(world)))
    out = tmp_path / "out"
    for words, status in (
        (("--reference", "--", "-k", "wifi_at_once]"), (0,)),
        (("--", "-k", "wifi_at_once] or wifi_busy or (peers_that_go and closed)"), (0, 1)),
    ):
        command = [sys.executable, "-m", "tools.conformance", f"socket://{port}"]
        command += ["--folder", str(out), "--ssid", "home", "--password", SECRET, *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
        assert done.returncode in status, done.stdout + done.stderr
    names = {path.name for path in out.iterdir()}
    assert {"conformance.json", "conformance.html", "reference.json"} <= names
    for path in out.iterdir():
        text = path.read_text()
        assert not told(text), path
        assert "(password)" in text
        assert str(ROOT) not in text
        assert os.path.expanduser("~/") not in text or Path.home() == Path("/")


def test_page_of_a_file_has_what_the_file_has(tmp_path):
    """The page is made of the file alone, so what is not in the file is not in the page."""
    (tmp_path / "a.json").write_text(json.dumps({"facts": {}, "tests": {}}))
    report.write(tmp_path / "a.json", tmp_path / "a.html")
    assert not told((tmp_path / "a.html").read_text())
