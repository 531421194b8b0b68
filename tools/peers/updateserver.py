#!/usr/bin/env python3
"""Reference server of docs/update-server.md: offers the images of a folder to modules.

    tools/peers/updateserver.py FOLDER [--host ADDRESS] [--port N] [--cert FILE --key FILE]

FOLDER holds a folder for each version, named like it, with NAME.bin for each image: ota.bin is the
firmware, others are user partitions. The newest version is the last one in natural order.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_VERSION = re.compile(r"[A-Za-z0-9._-]{1,32}")
_PATH = re.compile(r"/(?:([A-Za-z0-9._-]+)\.json|([A-Za-z0-9._-]+)/([a-z0-9_]+)\.bin)")


def natural(version: str) -> list[tuple[int, str]]:
    """Return a key by which v1.10.0 comes after v1.9.0."""
    return [
        (int(part), "") if part.isdigit() else (-1, part)
        for part in re.findall(r"\d+|\D+", version)
    ]


class Store:
    """The folder of versions; it is read anew for each request."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def versions(self) -> list[str]:
        """Return the names of all versions, oldest first."""
        found = [
            p.name for p in self._folder.iterdir() if p.is_dir() and _VERSION.fullmatch(p.name)
        ]
        return sorted(found, key=natural)

    def manifest(self, version: str) -> dict[str, Any] | None:
        """Return the manifest of a version, "latest" being the newest; None if there is none."""
        versions = self.versions()
        if version == "latest" and versions:
            version = versions[-1]
        if version not in versions:
            return None
        images = {}
        for path in sorted((self._folder / version).glob("*.bin")):
            data = path.read_bytes()
            images[path.stem] = {
                "url": f"{version}/{path.name}",
                "size": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
            }
        return {"version": version, "images": images}

    def image(self, version: str, name: str) -> bytes | None:
        """Return an image, None if there is none."""
        path = self._folder / version / f"{name}.bin"
        return path.read_bytes() if version in self.versions() and path.is_file() else None


class Handler(BaseHTTPRequestHandler):
    """Answers GET for manifests and images."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Serve what the path names, or 404."""
        match = _PATH.fullmatch(self.path)
        data = None
        kind = "application/octet-stream"
        if match and match[1]:
            manifest = self.server.store.manifest(match[1])
            data = json.dumps(manifest).encode() if manifest else None
            kind = "application/json"
        elif match:
            data = self.server.store.image(match[2], match[3])
        if data is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's
        """Write one line a request, if wanted."""
        if self.server.is_loud:
            print(f"{self.address_string()}: {format % args}", file=sys.stderr)


class Server(ThreadingHTTPServer):
    """The server; give it a certificate and it speaks HTTPS."""

    daemon_threads = True

    def __init__(
        self,
        folder: Path,
        address: tuple[str, int],
        *,
        context: ssl.SSLContext | None = None,
        handler: type[Handler] = Handler,
        is_loud: bool = False,
    ) -> None:
        self.store = Store(folder)
        self.is_loud = is_loud
        super().__init__(address, handler)
        if context is not None:
            # The handshake belongs into the thread of the connection.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Say in one line what went wrong with a connection."""
        if self.is_loud:
            print(f"{client_address[0]}: {sys.exc_info()[1]!r}", file=sys.stderr)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Reference server for firmware updates.")
    parser.add_argument("folder", type=Path, help="one folder for each version, with ota.bin")
    parser.add_argument("--host", default="", help="address to listen on (all)")
    parser.add_argument("--port", type=int, default=8070)
    parser.add_argument("--cert", type=Path, help="certificate chain (PEM): serve HTTPS")
    parser.add_argument("--key", type=Path, help="its private key (PEM)")
    options = parser.parse_args()
    context = None
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    address = (options.host, options.port)
    with Server(options.folder, address, context=context, is_loud=True) as server:
        versions = ", ".join(server.store.versions()) or "no version yet"
        print(f"serving {versions} on port {server.server_address[1]}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
