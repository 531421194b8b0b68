"""The raw WebSocket server of the tests: what it is told to send goes out in that order."""

import socket
import threading

from tools.peers.websocketraw import RawServer, frame

_COUNT = 2_000_000  # more than the buffers of both ends hold


def test_a_frame_comes_behind_a_flood_that_is_not_read_yet():
    server = RawServer()
    last = frame(0x81, b"end")
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(60)
        client.sendall(b"GET / HTTP/1.1\r\nSec-WebSocket-Key: key\r\n\r\n")
        with client.makefile("rb") as stream:
            while stream.readline() != b"\r\n":
                pass
            server.act(f"flood {_COUNT} 89 abc")
            sender = threading.Thread(target=server.act, args=("frame 81 end",), daemon=True)
            sender.start()
            sender.join(0.5)  # both want to send now
            flood = frame(0x89, b"abc") * _COUNT
            assert stream.read(len(flood) + len(last)) == flood + last
            sender.join()
    server.close()
