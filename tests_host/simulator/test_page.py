"""`tools/atsim --web`: the module and its world in a real browser, and what its server refuses."""

import http.client
import json
import subprocess
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

import firmware
from tests_host.browsers import chromium, new_page
from tests_host.webcamera import Camera
from tools.host.simprocess import ROOT

LOOKS = {
    "desk-light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """Return the address of the page of a simulated module."""
    firmware.build(64)  # else this is what is said first
    folder = tmp_path_factory.mktemp("page")
    words = [ROOT / "tools/atsim", "--web", "127.0.0.1:0", "--boot-ms", "0"]
    for name in ("link", "state", "control"):
        words += [f"--{name}", folder / name]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    assert line.startswith("page: http://127.0.0.1:"), line
    assert process.stdout.readline().startswith("UART1 ready")
    yield line.split()[1]
    process.terminate()
    process.communicate(timeout=300)


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(params=LOOKS)
def camera(request, browser, module):
    """Return the page in a browser; errors of its script and requests elsewhere end the test."""
    errors = []
    page = new_page(browser, **LOOKS[request.param])
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda asked: asked.url.startswith(module) or errors.append(asked.url))
    page.goto(module)
    expect(page.locator("#headline")).to_contain_text("ready")
    yield Camera(page, f"module-{request.param}")
    page.context.close()
    assert errors == []


def type_line(page, line):
    """Send a line and wait for its result."""
    before = page.locator("#said").inner_text()
    page.fill("#line", line)
    page.press("#line", "Enter")
    page.wait_for_function(
        "before => /OK\\n|ERROR\\n/.test("
        "document.getElementById('said').innerText.slice(before.length))",
        arg=before,
    )


def test_a_terminal_and_the_radio(camera):
    page = camera.page
    type_line(page, "ATE0")
    type_line(page, "AT+CWMODE=3")
    type_line(page, 'AT+CWJAP="espressif","1234567890"')
    expect(page.locator("#said")).to_contain_text("WIFI GOT IP")
    expect(page.locator("#wifi")).to_contain_text("espressif")
    camera.take("joined")
    page.click("text=Lose espressif")
    expect(page.locator("#said")).to_contain_text("WIFI DISCONNECT")
    page.click("text=Regain espressif")
    expect(page.locator("text=Lose espressif")).to_be_visible()
    page.locator("#aps input").first.evaluate(
        "slider => { slider.value = -77; slider.dispatchEvent(new Event('change')); }"
    )
    expect(page.locator("#aps .value").first).to_have_text("-77 dBm")
    type_line(page, 'AT+CWSAP="mine","",1,0')
    page.click("text=Let it join")
    expect(page.locator("#stations")).to_contain_text("7c:df:a1:00:00:01")
    page.click("text=Let it leave")
    expect(page.locator("#stations li")).to_have_count(0)
    type_line(page, "AT+RESTORE")
    expect(page.locator("#wifi")).to_contain_text("0.0.0.0")


def test_pins_voltages_sockets_and_memory(camera):
    page = camera.page
    page.click("text=Add an input")
    page.click("text=Pull high")
    expect(page.locator("text=Pull low")).to_be_visible()
    page.click("text=Pull low")
    page.fill("#more [name=pin]", "7")
    page.click("text=Add a voltage")
    expect(page.locator("#voltages")).to_contain_text("GPIO7")
    type_line(page, "AT+CWMODE=2")
    type_line(page, "AT+CIPMUX=1")
    type_line(page, "AT+CIPSERVER=1,8080")
    expect(page.locator("#sockets")).to_contain_text("listening")
    type_line(page, "AT+DRVPWMINIT=1000,13,12")
    type_line(page, "AT+DRVPWMDUTY=2048")
    expect(page.locator("#pins")).to_contain_text("2048/8192")
    expect(page.locator("#pins path")).to_have_count(1)
    expect(page.locator("#heap")).to_contain_text("bytes used by Python")
    expect(page.locator("#plot polyline")).to_have_count(1)
    camera.take("wires")


def test_acts_come_in_the_order_of_the_clicks(camera):
    page = camera.page
    page.evaluate(
        """() => {
            const real = fetch;
            window.levels = [];
            window.fetch = async (path, how) => {
                const level = path === "act" ? JSON.parse(how.body).level : undefined;
                if (level === 0) await new Promise(later => setTimeout(later, 1000));
                const answer = await real(path, how);
                if (level !== undefined) levels.push(level);
                return answer;
            };
        }"""
    )
    page.fill("#more [name=pin]", "6")
    page.click("text=Add an input")
    toggle = page.locator("#inputs [data-name='6'] button")
    expect(toggle).to_have_text("Pull high")
    page.click("text=Add an input")
    toggle.click()
    page.wait_for_function("() => levels.length === 3")
    assert page.evaluate("levels") == [0, 0, 1]
    expect(toggle).to_have_text("Pull low")


def test_power_acts_and_their_errors(camera):
    page = camera.page
    page.click("text=Brown-out")
    expect(page.locator("#headline")).to_contain_text("brown-out")
    expect(page.locator("#log")).to_contain_text("brown-out")
    page.select_option("#act select", "dns")
    page.fill("#fields [name=name]", "broker.test")
    page.fill("#fields [name=ip]", "10.0.0.9")
    page.click("text=Do it")
    expect(page.locator("#done")).to_have_text("{}")
    page.fill("#fields [name=ip]", "nonsense")
    page.click("text=Do it")
    expect(page.locator("#problem")).to_contain_text("ip:")
    camera.take("refused")
    page.click("text=Power off and on")
    expect(page.locator("#headline")).to_contain_text("power-on")


def ask(module, method, path, body=None, **fields):
    place = urlsplit(module)
    fields = {name.replace("_", "-"): value for name, value in fields.items()}
    with closing(
        http.client.HTTPConnection(place.hostname, place.port, timeout=200)
    ) as connection:
        connection.request(method, path, body, fields)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())["error"]


@pytest.mark.parametrize(
    ("method", "path", "body", "fields", "status", "words"),
    [
        ("GET", "/nothing", None, {}, 404, "no such page"),
        ("GET", "/state?log=x", None, {}, 400, "numbers"),
        ("GET", "/", None, {"Host": "evil.test"}, 403, "another name"),
        ("POST", "/act", "{}", {"Content_Type": "text/plain"}, 415, "JSON"),
        ("POST", "/act", "[]", {"Content_Type": "application/json"}, 400, "object"),
        ("POST", "/act", "{", {"Content_Type": "application/json"}, 400, "object"),
        ("POST", "/act", '{"do":"fly"}', {"Content_Type": "application/json"}, 409, "fly"),
        ("POST", "/send", '{"text":1}', {"Content_Type": "application/json"}, 409, "text"),
        ("POST", "/else", "{}", {"Content_Type": "application/json"}, 404, "no such page"),
        ("POST", "/act", "x" * 70_000, {"Content_Type": "application/json"}, 413, "64 KB"),
    ],
)
def test_what_is_refused(module, method, path, body, fields, status, words):
    got, error = ask(module, method, path, body, **fields)
    assert got == status
    assert words in error


def test_an_address_in_use_is_named(module, tmp_path):
    place = urlsplit(module)
    words = [ROOT / "tools/atsim", "--web", f"127.0.0.1:{place.port}", "--control", tmp_path / "c"]
    words += ["--state", tmp_path / "s", "--link", tmp_path / "l"]
    run = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert run.returncode == 1
    assert run.stderr.startswith(f"atsim: --web 127.0.0.1:{place.port}:")
