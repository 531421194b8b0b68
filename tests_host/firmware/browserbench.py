"""The page of AT+WEBSERVER in a real browser, for tests that visit it (fixtures: conftest.py)."""

from playwright.sync_api import Browser, Page

from tests_host.browsers import chromium, new_page
from tests_host.firmware.webbench import PORT

HOME = f"http://192.168.4.1:{PORT}/"
PROBE = "http://connectivitycheck.gstatic.com/generate_204"
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
SMALL = {"viewport": {"width": 320, "height": 568}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
LOOKS = {
    "phone-light": {**PHONE, "color_scheme": "light"},
    "phone-dark": {**PHONE, "color_scheme": "dark"},
    "desk-light": {**DESK, "color_scheme": "light"},
    "desk-dark": {**DESK, "color_scheme": "dark"},
}


def launch(ip):
    """Start the browser; the module's addresses lead to where the module really is."""
    rules = ", ".join(f"MAP {host} {ip}:{PORT}" for host in ("192.168.4.1", "*.gstatic.com"))
    return chromium(f"--host-resolver-rules={rules}")


def visit(browser: Browser, look: dict, address: str = HOME) -> Page:
    """Open the page as somebody with that device; errors of its script end the test."""
    page = new_page(browser, **look)
    page.errors = []
    page.hosts = set()
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("request", lambda request: page.hosts.add(request.url.split("/")[2]))
    page.goto(address)
    return page


def file(name, data):
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def upload(page, name, data):
    page.get_by_label("File (.bin)").set_input_files(file(name, data))
    page.get_by_role("button", name="Upgrade").click()
