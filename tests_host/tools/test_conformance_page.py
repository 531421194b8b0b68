"""The conformance report in a real browser: buttons, search, light and dark, small screens."""

import pytest
from playwright.sync_api import expect

from tests_host.browsers import chromium, new_page
from tests_host.tools.reports import entries, results
from tools.conformance import report

# The sum of red, green and blue: paper is brighter than ink, or the other way round in the dark.
_BRIGHTNESS = "colour => colour.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b)"


@pytest.fixture(scope="module")
def browser():
    """Return a browser, if this machine has one."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser, tmp_path):
    """Return a function that opens the report; errors of its script end the test."""
    path = tmp_path / "report.html"
    ours = results(
        basic_a={"title": "Version", "log": entries((">", "AT+GMR\\r\\n"), ("<", "OK\\r\\n"))},
        basic_b={"outcome": "failed", "reason": "b.at:3: expected OK"},
        wifi_c={"outcome": "skipped", "reason": "the bench does not offer: " + "wifi_" * 40},
    )
    theirs = results(basic_a={"log": entries((">", "AT+GMR\\r\\n"), ("<", "ERROR\\r\\n"))})
    path.write_text(report.page(ours, theirs))
    errors = []

    def visit(**look):
        page = new_page(browser, **look)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda request: errors.append(request.url) if request.url.startswith("http") else None,
        )
        page.goto(path.as_uri())
        return page

    yield visit
    assert errors == []


def shown(page):
    """Return the titles of the tests that can be seen."""
    return [each.inner_text() for each in page.locator("details:visible .title").all()]


def test_all_is_shown_and_failures_are_open(visit):
    page = visit()
    assert shown(page) == ["Version", "basic_b", "wifi_c"]
    expect(page.get_by_text("b.at:3: expected OK")).to_be_visible()
    expect(page.locator(".bytes").first).to_be_hidden()


def test_buttons_choose_outcomes(visit):
    page = visit()
    page.get_by_role("button", name="1 fail").click()
    assert shown(page) == ["basic_b"]
    assert page.locator("section:visible").count() == 1
    page.get_by_role("button", name="1 skip").click()
    assert shown(page) == ["basic_b", "wifi_c"]
    page.get_by_role("button", name="1 fail").click()
    page.get_by_role("button", name="1 skip").click()
    assert len(shown(page)) == 3


def test_search_looks_into_the_bytes(visit):
    page = visit()
    page.get_by_role("searchbox").fill("at+gmr")
    assert shown(page) == ["Version"]
    page.get_by_role("searchbox").fill("nothing like this")
    assert shown(page) == []
    expect(page.get_by_text("Nothing matches.")).to_be_visible()


def test_test_opens_with_both_conversations(visit):
    page = visit()
    page.get_by_text("Version", exact=True).click()
    expect(page.locator(".pair:visible .differs")).to_have_count(1)
    expect(page.locator(".bytes:visible")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_follows_the_light(visit, scheme):
    page = visit(color_scheme=scheme)
    style = "getComputedStyle(document.body)"
    paper, ink = (
        page.evaluate(f"({_BRIGHTNESS})({style}.{name})") for name in ("backgroundColor", "color")
    )
    assert (paper > ink) == (scheme == "light")


def test_page_fits_a_phone(visit):
    page = visit(viewport={"width": 360, "height": 700})
    page.get_by_text("Version", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_nothing_sticks_out_at_390_pixels_and_the_filters_stay(visit):
    page = visit(viewport={"width": 390, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate("document.querySelector('main').style.minHeight = '3000px'")
    page.mouse.wheel(0, 1500)
    page.wait_for_function("window.scrollY > 1000")
    assert page.locator("nav").bounding_box()["y"] == 0
