"""An update server with two versions of nothing, for transcripts."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

from tools.peers import espimage
from tools.peers.updateserver import Server

_VERSIONS = ("v1.1.0.0", "v1.2.0.0")


class UpdatePeer:
    """Serves images that the simulated chip starts; v1.1.0.0 has a user partition as well."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="updates-")
        for version in _VERSIONS:
            folder = Path(self._folder.name) / version
            folder.mkdir()
            image = espimage.compose([espimage.describe(version, filling=20_000)])
            (folder / "ota.bin").write_bytes(image)
            (folder / "damaged.bin").write_bytes(image[:-1] + b"\0")
        (Path(self._folder.name) / _VERSIONS[0] / "fatfs.bin").write_bytes(b"user data " * 500)
        self._server = Server(Path(self._folder.name), (host, 0))
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()
