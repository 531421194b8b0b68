"""Write build/generated/webpage.py: the page of AT+WEBSERVER, one gzip-compressed document.

Its sources are in firmware/web. Style and script go into the page itself, so that a browser needs
one request and nothing from elsewhere. The module is frozen: the page stays in flash.
"""

import base64
import gzip
import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "firmware" / "web"
OUTPUT = ROOT / "build" / "generated" / "webpage.py"
MOST_BYTES = 30 * 1024  # of flash
_TEMPLATE = '''\
"""Generated from firmware/web: the page, compressed with gzip, and what it may do."""

POLICY = {policy!r}
PAGE = {page!r}
'''


def source(name: str) -> str:
    """Return a file of firmware/web."""
    return (SOURCES / name).read_text(encoding="utf-8").strip()


def document() -> str:
    """Return the whole page; style.css and script.js stand where it names them."""
    text = source("index.html")
    for tag, content in (
        ('<link rel="stylesheet" href="style.css">', f"<style>{source('style.css')}</style>"),
        ('<script src="script.js"></script>', f"<script>{source('script.js')}</script>"),
    ):
        if text.count(tag) != 1:
            raise ValueError(f"firmware/web/index.html must have {tag} once")
        text = text.replace(tag, content)
    return text


def policy() -> str:
    """Return the Content-Security-Policy: our own style and script, our own server, no more."""

    def allowed(name: str) -> str:
        digest = hashlib.sha256(source(name).encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode()}'"

    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {allowed('style.css')}",
            f"script-src {allowed('script.js')}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def text() -> str:
    """Return the source of the module; ValueError if the page does not fit."""
    page = gzip.compress(document().encode(), 9, mtime=0)
    if len(page) > MOST_BYTES:
        raise ValueError(f"firmware/web has {len(page)} bytes compressed, {MOST_BYTES} fit")
    return _TEMPLATE.format(policy=policy(), page=page)


def write() -> None:
    """Bring the file up to date; an unchanged one keeps its time."""
    wanted = text()
    if not OUTPUT.exists() or OUTPUT.read_text(encoding="utf-8") != wanted:
        OUTPUT.parent.mkdir(parents=True, exist_ok=True)
        OUTPUT.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    write()
