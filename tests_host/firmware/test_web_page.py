"""What the page of AT+WEBSERVER shows when names are long, networks odd and uploads refused."""

import pytest
from playwright.sync_api import expect

from tests_host.firmware.browserbench import LOOKS, SMALL, upload, visit
from tests_host.firmware.updatebench import IMAGE
from tests_host.webcamera import Camera


@pytest.fixture
def bench(page_bench):
    """Return a module that is in no network."""
    return page_bench


WIDE = "W" * 32  # the widest name there is, with no place to break it
OTA_VALIDATE_FAILED = 0x1503  # an esp_err_t
NEARBY = [
    {"ssid": WIDE, "rssi": -40, "auth_mode": 3},
    {"ssid": "campus", "rssi": -50, "auth_mode": 5},
    {"ssid": "campus 3", "rssi": -50, "auth_mode": 14},
]


@pytest.mark.usefixtures("bench")
def test_the_longest_name_stays_in_its_place_on_every_card(browser):
    page = visit(browser, {**SMALL, "color_scheme": "light"})
    camera = Camera(page, "small-wide")
    page.route("**/getaprecord", lambda route: route.fulfill(json={"aplist": NEARBY}))
    page.route("**/setstainfo", lambda route: route.fulfill(json={"state": 0}))
    running = {"state": 0, "message": "connecting", "has_link": False, "joined": "", "ip": ""}
    failed = {**running, "state": 2, "reason": "password"}
    done = {**running, "state": 1, "sta_ssid": WIDE, "joined": WIDE, "ip": "192.168.100.100"}
    page.get_by_role("button", name="Search again").click()
    page.get_by_role("button", name=WIDE).click()
    expect(page.get_by_role("heading", name=f"Join “{WIDE}”")).to_be_visible()
    camera.take("password")
    page.get_by_label("Password", exact=True).fill("12345678")
    told = [running]
    page.route("**/getstainfo", lambda route: route.fulfill(json=told[-1]))
    page.get_by_role("button", name="Connect").click()
    for news, title in ((failed, "Wrong password"), (done, "Connected")):
        expect(page.get_by_role("heading", name=f"Connecting to “{WIDE}”")).to_be_visible()
        camera.take("connecting")
        told.append(news)
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        camera.take(title.lower().replace(" ", "-"))
        if news is failed:
            told.append(running)
            page.get_by_role("button", name="Try again").click()
            page.get_by_label("Password", exact=True).fill("12345678")
            page.get_by_role("button", name="Connect").click()
    page.get_by_role("button", name="Choose another network").click()
    expect(page.get_by_role("button", name=WIDE)).to_contain_text("in use")
    camera.take("in-use")
    assert page.errors == []
    page.context.close()


def test_a_network_that_wants_a_user_name_says_so(phone):
    phone.route("**/getaprecord", lambda route: route.fulfill(json={"aplist": NEARBY}))
    phone.get_by_role("button", name="Search again").click()
    for name in ("campus,", "campus 3"):
        phone.get_by_role("button", name=name).click()
        expect(phone.locator("#scan-problem")).to_contain_text("wants a user name")
        expect(phone.get_by_role("button", name=name)).to_be_visible()


def test_a_second_visitor_is_told_of_a_join_in_a_sentence(browser, bench):
    page = visit(browser, LOOKS["phone-light"])
    expect(page.get_by_role("button", name="espressif")).to_be_visible()
    assert bench.page.post("/setstainfo", {"ssid": "silent"}).status == 200
    page.get_by_role("button", name="Search again").click()
    expect(page.locator("#scan-problem")).to_have_text(
        "The module is joining a network at the moment; wait until that is over."
    )
    bench.module.ok("AT+CWMODE=2")
    bench.module.ok("AT+CWMODE=3")
    page.context.close()


def test_a_chip_that_refuses_an_image_is_no_number(phone, bench):
    fault = {"do": "fault", "call": "esp32.Partition.set_boot", "error": OTA_VALIDATE_FAILED}
    phone.get_by_role("tab", name="Firmware").click()
    bench.simulator.act({**fault, "times": 1})
    upload(phone, "firmware.bin", IMAGE)
    expect(phone.get_by_role("alert")).to_have_text(
        "Upgrade failedThe chip refuses the image: it is damaged, or not made for this module."
        " The old firmware is still in use."
    )
    bench.hear("+WEBSERVERRSP:5")


def test_the_note_on_the_firmware_stands_where_it_is_true(phone):
    phone.get_by_role("tab", name="Firmware").click()
    note = phone.get_by_text("The present firmware stays in use")
    expect(note).to_be_visible()
    phone.get_by_label("Partition").select_option("mfg_nvs")
    expect(note).to_be_hidden()
    expect(phone.get_by_text("only firmware is checked")).to_be_visible()
    phone.get_by_label("Partition").select_option("ota")
    expect(note).to_be_visible()


REASONS = [
    ("password", "Wrong password"),
    ("absent", "Network not found"),
    ("address", "No address"),
    ("time", "No answer"),
    ("refused", "Refused"),
    ("ended", "Interrupted"),
    ("unheard of", "Not connected"),
]


def test_every_reason_of_a_failure_is_explained(phone):
    phone.get_by_role("button", name="silent").click()
    answers = [{"state": 2, "message": "connect fail", "reason": reason} for reason, _ in REASONS]
    phone.route("**/setstainfo", lambda route: route.fulfill(json={"state": 0}))
    phone.route(
        "**/getstainfo",
        lambda route: route.fulfill(json={**answers.pop(0), "joined": "", "ip": ""}),
    )
    for _, title in REASONS:
        phone.get_by_role("button", name="Connect").click()
        expect(phone.get_by_role("heading", name=title)).to_be_visible()
        phone.get_by_role("button", name="Try again").click()
