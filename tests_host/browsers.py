"""The system's browser, for tests of pages."""

import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import system

_LIMIT_MS = 200_000  # of a busy machine


@contextmanager
def chromium(*flags):
    """Start the browser; without one the test fails, or is skipped where none can be installed."""
    path = system.browser()
    if path is None:
        if shutil.which("apt-get") is None:
            pytest.skip("no browser, and no apt to install one")
        pytest.fail("no browser: tools/build/system.py chromium installs one")
    expect.set_options(timeout=_LIMIT_MS)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", *flags], timeout=_LIMIT_MS
        )
        yield browser
        browser.close()


def new_page(browser: Browser, **look) -> Page:
    """Open an empty page of somebody with that device, who waits for as long as it takes."""
    page = browser.new_context(**look).new_page()
    page.set_default_timeout(_LIMIT_MS)
    return page
