"""Nothing stays open of a TLS socket whose peer was gone before it was made."""

import socket
import struct
import warnings

import pytest

from tools.peers.secure import wrap
from tools.peers.servers import client_context


def test_a_peer_that_reset_the_connection_leaves_nothing_open():
    with socket.create_server(("127.0.0.1", 0)) as server:
        sock = socket.create_connection(server.getsockname())
        peer, _ = server.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", ResourceWarning)
            with pytest.raises(ConnectionResetError):
                wrap(client_context(), sock)
        assert said == []
        assert sock.fileno() == -1, "it is the new socket's, which is closed"
