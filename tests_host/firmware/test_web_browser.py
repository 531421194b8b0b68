"""The page of AT+WEBSERVER in a real browser: what people see and do on a phone and on a desk.

Needs a Chromium of the system (tools/build/system.py). Pictures of each step are kept in
build/screenshots.
"""

import json

import pytest
from playwright.sync_api import expect

from tests_host.browsers import new_page
from tests_host.firmware.browserbench import HOME, LOOKS, PROBE, SMALL, upload, visit
from tests_host.firmware.updatebench import IMAGE, damaged
from tests_host.firmware.webbench import PORT
from tests_host.webcamera import Camera


@pytest.fixture
def bench(page_bench):
    """Return a module that is in no network."""
    return page_bench


@pytest.mark.parametrize("look", LOOKS)
def test_the_life_of_a_user(browser, bench, look):
    """From the phone's own question for the internet to new firmware."""
    page = visit(browser, LOOKS[look], PROBE)
    camera = Camera(page, look)
    assert page.url == HOME
    sees_networks(page, camera)
    mistypes_the_password(page, camera, bench)
    joins(page, camera, bench)
    sends_wrong_files(page, camera, bench)
    sends_firmware(page, camera, bench)
    assert page.errors == []
    assert page.hosts == {f"192.168.4.1:{PORT}", "connectivitycheck.gstatic.com"}
    page.context.close()
    bench.module.ok("AT+CWQAP")
    bench.hear("WIFI DISCONNECT")


def sees_networks(page, camera):
    expect(page.get_by_role("heading", name="MINI-1")).to_be_visible()
    expect(page.get_by_text("Not in a network yet")).to_be_visible()
    names = page.get_by_role("list", name="Networks nearby").get_by_role("button")
    expect(names).to_have_count(3)
    assert [name.get_attribute("aria-label") for name in names.all()] == [
        "espressif, with a password, strong signal",
        "silent, open, strong signal",
        '<b>"Zoë" \\ 😀</b>, with a password, strong signal',
    ]
    expect(names.nth(2)).to_contain_text('<b>"Zoë" \\ 😀</b>')
    camera.take("networks")


def mistypes_the_password(page, camera, bench):
    page.get_by_role("button", name="espressif").click()
    password = page.get_by_label("Password", exact=True)
    expect(password).to_be_focused()
    password.fill("wrong password")
    page.get_by_role("button", name="Show").click()
    assert password.get_attribute("type") == "text"
    camera.take("password")
    held = []  # what the page asks next: until it is answered the page cannot go on

    def hold(question):
        held.append(question)

    page.route("**/getstainfo", hold)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="Connecting to “espressif”")).to_be_visible()
    camera.take("connecting")
    for question in held:
        question.continue_()
    page.unroute("**/getstainfo")
    expect(page.get_by_role("heading", name="Wrong password")).to_be_visible()
    expect(page.get_by_text("did not accept the password")).to_be_visible()
    camera.take("wrong-password")
    assert bench.news() == ["+WEBSERVERRSP:1"]


def joins(page, camera, bench):
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Join “espressif”")).to_be_visible()
    page.get_by_label("Password", exact=True).fill("1234567890")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Connected")).to_be_visible()
    expect(page.get_by_text(bench.ip, exact=True)).to_be_visible()
    bench.hear("+WEBSERVERRSP:1", "WIFI CONNECTED", "WIFI GOT IP", "+WEBSERVERRSP:2")
    camera.take("connected")
    page.get_by_role("button", name="Choose another network").click()
    expect(page.get_by_role("button", name="espressif, with a password")).to_contain_text("in use")
    camera.take("in-use")


def sends_wrong_files(page, camera, bench):
    page.get_by_role("tab", name="Firmware").click()
    expect(page.get_by_text("3.4.0.0")).to_be_visible()
    camera.take("firmware")
    for name, data, words in (
        ("notes.txt", IMAGE, "must end in .bin"),
        ("page.bin", b"<html>" * 1000, "no firmware image"),
        ("other.bin", IMAGE[:12] + b"\x09" + IMAGE[13:], "another chip"),
    ):
        upload(page, name, data)
        expect(page.get_by_role("alert")).to_contain_text(words)
    assert bench.news() == []
    upload(page, "damaged.bin", damaged(IMAGE))
    expect(page.get_by_role("alert")).to_contain_text("The image is damaged")
    expect(page.get_by_role("alert")).to_contain_text("The old firmware is still in use")
    bench.hear("+WEBSERVERRSP:3", "+WEBSERVERRSP:5")
    camera.take("refused")


def sends_firmware(page, camera, bench):
    """Send it over a connection that is slow until the progress has been seen."""
    network = page.context.new_cdp_session(page)
    speed = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 4000}
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", speed)
    upload(page, "firmware.bin", IMAGE)
    page.wait_for_function("() => document.getElementById('bar').value % 100 > 10")
    number, fill = page.evaluate(
        "() => [document.getElementById('bar-percent').textContent,"
        " document.getElementById('bar').value / document.getElementById('bar').max]"
    )
    assert number == f"{round(100 * fill)} %"
    expect(page.get_by_text("The present firmware stays in use")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Upload")).to_be_visible()
    camera.take("sending")
    network.send("Network.emulateNetworkConditions", speed | {"uploadThroughput": -1})
    expect(page.get_by_role("alert")).to_contain_text("Upgrade succeeded")
    expect(page.get_by_text("100 %")).to_be_visible()
    expect(page.locator("#bar")).to_have_js_property("value", 100)
    expect(page.get_by_text("The present firmware stays in use")).to_be_hidden()
    bench.hear("+WEBSERVERRSP:3", "+WEBSERVERRSP:4")
    camera.take("updated")


@pytest.mark.usefixtures("bench")
def test_the_page_fits_the_smallest_phone(browser):
    for scheme in ("light", "dark"):
        page = visit(browser, {**SMALL, "color_scheme": scheme})
        camera = Camera(page, f"small-{scheme}")
        expect(page.get_by_role("button", name="espressif")).to_be_visible()
        camera.take("networks")
        page.get_by_role("button", name="Zoë").click()
        camera.take("password")
        page.get_by_role("tab", name="Firmware").click()
        expect(page.get_by_text("3.4.0.0")).to_be_visible()
        camera.take("firmware")
        page.context.close()


def test_a_password_that_cannot_be_one_is_not_sent(phone, bench):
    phone.get_by_role("button", name="espressif").click()
    for password, words in (
        ("", "wants a password"),
        ("1234567", "at least 8"),
        ("ä" * 32, "too long"),
    ):
        phone.get_by_label("Password", exact=True).fill(password)
        phone.get_by_role("button", name="Connect").click()
        expect(phone.locator("#join-problem")).to_contain_text(words)
        expect(phone.get_by_label("Password", exact=True)).to_be_focused()
    phone.get_by_role("button", name="Back").click()
    phone.get_by_role("button", name="Another network").click()
    phone.get_by_role("button", name="Connect").click()
    expect(phone.locator("#join-problem")).to_contain_text("needs a name")
    assert bench.news() == []


def test_a_network_that_hides_is_joined_by_its_name(phone, bench):
    phone.get_by_role("button", name="Another network").click()
    phone.get_by_label("Network name").fill("never seen")
    phone.get_by_role("button", name="Connect").click()
    expect(phone.get_by_role("heading", name="Connected")).to_be_visible()
    bench.hear("+WEBSERVERRSP:2")
    bench.module.ok("AT+CWQAP")
    bench.hear("WIFI DISCONNECT")


def test_names_are_shown_as_they_are(phone, bench):
    phone.get_by_role("button", name="Zoë").click()
    expect(phone.get_by_role("heading", name='Join “<b>"Zoë" \\ 😀</b>”')).to_be_visible()
    assert phone.locator("main b").count() == 0 or not phone.locator("main b:visible").count()
    phone.get_by_label("Password", exact=True).fill("päss-wörd")
    phone.get_by_role("button", name="Connect").click()
    expect(phone.get_by_role("heading", name="Connected")).to_be_visible()
    bench.hear("+WEBSERVERRSP:2")
    bench.module.ok("AT+CWQAP")
    bench.hear("WIFI DISCONNECT")


def test_the_keyboard_is_enough(phone):
    expect(phone.get_by_role("button", name="espressif")).to_be_visible()
    phone.keyboard.press("Tab")
    expect(phone.get_by_role("tab", name="Wi-Fi")).to_be_focused()
    phone.keyboard.press("ArrowRight")
    expect(phone.get_by_role("tab", name="Firmware")).to_be_focused()
    expect(phone.get_by_role("tabpanel", name="Firmware")).to_be_visible()
    phone.keyboard.press("ArrowLeft")
    expect(phone.get_by_role("tabpanel", name="Wi-Fi")).to_be_visible()
    for name in ("Search again", "espressif"):
        phone.keyboard.press("Tab")
        expect(phone.get_by_role("button", name=name)).to_be_focused()
    phone.keyboard.press("Enter")
    expect(phone.get_by_label("Password", exact=True)).to_be_focused()


def test_a_page_that_is_opened_again_sees_a_join_that_runs(browser, bench):
    first = visit(browser, LOOKS["phone-light"])
    first.get_by_role("button", name="silent").click()
    first.get_by_role("button", name="Connect").click()
    expect(first.get_by_role("heading", name="Connecting to")).to_be_visible()
    second = visit(browser, LOOKS["desk-dark"])
    expect(second.get_by_role("heading", name="Connecting to “silent”")).to_be_visible()
    expect(second.locator("#step-find.off")).to_be_visible()
    bench.module.ok("AT+CWMODE=2")
    for page in (first, second):
        expect(page.get_by_role("heading", name="Interrupted")).to_be_visible()
        page.context.close()
    bench.module.ok("AT+CWMODE=3")


def test_a_module_that_falls_silent_is_waited_for(phone, bench):
    expect(phone.get_by_role("button", name="espressif")).to_be_visible()
    bench.module.ok("AT+WEBSERVER=0")
    phone.get_by_role("button", name="Search again").click()
    expect(phone.get_by_text("The module does not answer.")).to_be_visible()
    bench.module.ok(f"AT+WEBSERVER=1,{PORT},21")
    expect(phone.get_by_role("button", name="espressif")).to_be_visible()
    expect(phone.get_by_text("The module does not answer.")).to_be_hidden()


def test_without_a_station_the_page_says_what_to_do(phone, bench):
    expect(phone.get_by_role("button", name="espressif")).to_be_visible()
    bench.module.ok("AT+CWMODE=2")
    phone.get_by_role("button", name="Search again").click()
    expect(phone.locator("#scan-problem")).to_contain_text("AT+CWMODE")
    bench.module.ok("AT+CWMODE=3")


def test_a_strange_page_cannot_use_the_module(browser, bench):
    """A page of another site in the same browser tries what a browser lets it try."""
    page = new_page(browser)
    page.route(
        "http://evil.example/",
        lambda route: route.fulfill(body="<p>evil", content_type="text/html"),
    )
    page.goto("http://evil.example/")
    tries = page.evaluate(
        """async home => {
          const tries = [
            [{}, 'getaprecord'],
            [{method: 'POST', body: '{"ssid":"x"}', mode: 'no-cors'}, 'setstainfo'],
            [{method: 'POST', body: '{"ssid":"x"}', headers: {'Content-Type': 'application/json',
              'X-Requested-With': 'x'}}, 'setstainfo'],
            [{method: 'POST', body: 'x', headers: {Object: 'ota', 'X-Requested-With': 'x'}},
              'setotadata'],
            [{}, 'getstainfo'],
          ];
          const results = [];
          for (const [options, path] of tries)
            results.push(await fetch(home + path, options).then(
              answer => answer.type === 'opaque' ? 'blind' : answer.status, () => 'blocked'));
          return results;
        }""",
        HOME,
    )
    assert set(tries) <= {"blocked", "blind"}
    # (the station may be on its way back to the network of the test before)
    assert [word for word in bench.news() if word.startswith("+")] == []
    assert json.loads(bench.page.get("/getstainfo").body)["message"] == "waiting config"
    page.context.close()
