"""TLS records that no library sends: the handshake is Python's, the records are made here."""

import contextlib
import hashlib
import hmac
import ssl
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests_host.c import netcerts
from tests_host.c.netscript import serving

_SUITE = "ECDHE-ECDSA-AES128-GCM-SHA256"
_DATA, _ALERT = 23, 21
_RANDOM = slice(11, 43)  # of the ServerHello, which the first record begins with


class Records:
    """A server's side of a session once the handshake is done: seals what it is told to."""

    def __init__(self, client, keys):
        """Do the handshake on a socket; `keys` is a path for the log of keys."""
        context = netcerts.server_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_SUITE)
        context.keylog_filename = str(keys)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(incoming, outgoing, server_side=True)
        said, is_done = b"", False
        while not is_done:
            with contextlib.suppress(ssl.SSLWantReadError):
                session.do_handshake()
                is_done = True
            piece = outgoing.read()
            said += piece
            client.sendall(piece)
            if not is_done:
                incoming.write(client.recv(4096))
        _, random, master = keys.read_text().split()[-3:]
        seed = b"key expansion" + said[_RANDOM] + bytes.fromhex(random)
        block = _expand(bytes.fromhex(master), seed, 40)
        self._client, self._cipher, self._salt = client, AESGCM(block[16:32]), block[36:40]
        self._number = 1  # Finished was 0

    def send(self, kind, data):
        """Send one record."""
        number = struct.pack(">Q", self._number)
        self._number += 1
        head = struct.pack(">BHH", kind, 0x0303, len(data))
        sealed = number + self._cipher.encrypt(self._salt + number, data, number + head)
        self._client.sendall(struct.pack(">BHH", kind, 0x0303, len(sealed)) + sealed)


def _expand(secret, seed, size):
    """Do what TLS 1.2 calls P_SHA256."""
    block, a = b"", seed
    while len(block) < size:
        a = hmac.digest(secret, a, hashlib.sha256)
        block += hmac.digest(secret, a + seed, hashlib.sha256)
    return block[:size]


def test_empty_records_in_a_row_are_no_end(net, tmp_path):
    def serve(client):
        records = Records(client, tmp_path / "keys")
        records.send(_DATA, b"one")
        for _ in range(2):
            records.send(_DATA, b"")
        records.send(_DATA, b"two")
        records.send(_ALERT, b"\1\0")  # close_notify
        client.recv(100)

    with serving(serve) as port:
        lines = net.run(
            "link = secure(port, atnet.Profile())\n"
            "print(read_all(link), atnet.ended(link), atnet.error(link))",
            port=port,
        )
    assert lines == ["b'onetwo' True None"]
