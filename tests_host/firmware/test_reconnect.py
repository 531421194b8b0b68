"""A passthrough link that its peer ends at once is opened again at AT+CIPRECONNINTV's pace."""

import itertools
import socket
import threading
import time

import pytest


@pytest.fixture
def rude():
    """Return (port, times): a server that takes connections only to end them."""
    times = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                times.append(time.monotonic())
                client.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], times
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("interval", [1, 5])
def test_the_interval_counts_from_the_end_of_a_link(at, rude, interval):
    port, times = rude
    at.ok("AT+CWMODE=1")
    at.ok('AT+CWJAP="espressif","1234567890"')
    at.ok(f"AT+CIPRECONNINTV={interval}")
    at.ok("AT+CIPMODE=1")
    at.ok("AT+SYSMSG=4")
    at.ok(f'AT+SAVETRANSLINK=1,"127.0.0.1",{port}')
    at.send("AT+RST")
    at.wait_ready()
    deadline = time.monotonic() + 30
    while len(times) < 6 and time.monotonic() < deadline:
        at.pump(0.1)
    assert len(times) >= 6
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(pauses) > interval * 0.1 - 0.02
    at.leave_passthrough()
    at.quiet(100)
    at.ok("ATE0")
    at.ok("AT+SAVETRANSLINK=0")
