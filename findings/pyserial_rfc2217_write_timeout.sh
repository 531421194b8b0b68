#!/usr/bin/env bash
# pyserial 3.5: rfc2217:// refuses write_timeout, which its other URLs take.
#
# serial_for_url() is meant to make a program independent of the kind of port: the same keyword arguments open a device,
# loop:// and rfc2217://. With the last one the argument that keeps a program from blocking for ever is a
# NotImplementedError once the connection stands: neither a ValueError nor a SerialException, which programs catch for
# ports that cannot be opened.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyserial==3.5
cat > try.py <<'END'
import socket
import threading

import serial
import serial.rfc2217


class Peer:
    """What PortManager writes its answers to."""

    def __init__(self, connection):
        self.write = connection.sendall


def serve(listener):
    """Offer a looped port by pyserial's own implementation of the server's side."""
    while True:
        connection, _ = listener.accept()
        manager = serial.rfc2217.PortManager(serial.serial_for_url("loop://"), Peer(connection))
        while data := connection.recv(1024):
            b"".join(manager.filter(data))


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(listener,), daemon=True).start()
url = "rfc2217://127.0.0.1:%d" % listener.getsockname()[1]
for kind, target, words in (
    ("loop with write_timeout", "loop://", {"write_timeout": 1}),
    ("rfc2217", url, {}),
    ("rfc2217 with write_timeout", url, {"write_timeout": 1}),
):
    try:
        with serial.serial_for_url(target, timeout=1, **words):
            print(kind, "opened")
    except (ValueError, serial.SerialException) as error:
        print(kind, "cannot be opened:", error)
    except NotImplementedError as error:
        print(kind, "NotImplementedError:", error)
END
seen=$(venv/bin/python try.py)
echo "$seen"
diff <(echo "$seen") - <<'END'
loop with write_timeout opened
rfc2217 opened
rfc2217 with write_timeout NotImplementedError: write_timeout is currently not supported
END
