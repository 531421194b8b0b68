"""The system's browser, for tests of pages."""

import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

import system


@contextmanager
def chromium(*flags):
    """Start the browser; without one the test fails, or is skipped where none can be installed."""
    path = system.browser()
    if path is None:
        if shutil.which("apt-get") is None:
            pytest.skip("no browser, and no apt to install one")
        pytest.fail("no browser: tools/build/system.py chromium installs one")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", *flags])
        yield browser
        browser.close()
