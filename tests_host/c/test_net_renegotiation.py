"""A TLS peer that wants another handshake in the middle is refused, and gets nothing but our data.

The peer is the openssl program. A proxy stands between it and the module, so that a test says
when the module's bytes are taken: a record of ours can be half sent while the request comes.
"""

import re
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress

from tests_host.c import netcerts
from tests_host.c.netpeers import lines_of, nudge, openssl, openssl_server, server_file
from tests_host.c.netscript import LIMIT_S

SMALL = 4096  # bytes of a socket's buffer, so that it is full soon
QUIET_S = 0.5  # without a byte: all has passed


class Proxy:
    """Passes bytes between the module and its peer; the module's only while `gate` is set."""

    def __init__(self, module, peer):
        self.gate = threading.Event()
        self.gate.set()
        self.passed = {module: 0, peer: 0}
        self.module, self.peer = module, peer
        self._threads = [
            threading.Thread(target=self._pump, args=(module, peer)),
            threading.Thread(target=self._pump, args=(peer, module)),
        ]
        for thread in self._threads:
            thread.start()

    def _pump(self, source, sink):
        with suppress(OSError):
            while data := source.recv(2048):
                if source is self.module:
                    self.gate.wait(LIMIT_S)
                sink.sendall(data)
                self.passed[source] += len(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def drain(self):
        """Take what the module has sent, to the last byte."""
        self.gate.set()
        before = -1
        while before != self.passed[self.module]:
            before = self.passed[self.module]
            time.sleep(QUIET_S)

    @contextmanager
    def request(self):
        """Do what makes the peer say something; wait until the module can hear it.

        OpenSSL begins a handshake between records only: what is on the way trickles on meanwhile.
        """
        before = self.passed[self.peer]
        yield
        self.wait_past(self.peer, before + 1, self._trickle)

    def _trickle(self):
        self.gate.set()
        time.sleep(0.01)
        self.gate.clear()

    def wait_past(self, source, count, meanwhile=lambda: None):
        """Wait until so many bytes of `source` have passed; do something again and again."""
        until = time.monotonic() + LIMIT_S
        while self.passed[source] < count:
            assert time.monotonic() < until, f"{self.passed[source]} of {count} bytes passed"
            time.sleep(0.05)
            meanwhile()

    def close(self):
        """End it; who still reads sees the end."""
        self.gate.set()
        for end in (self.module, self.peer):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LIMIT_S)
        self.module.close()
        self.peer.close()


@contextmanager
def listening():
    """Listen with a small buffer; yield (listener, port)."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        listener.settimeout(LIMIT_S)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener, listener.getsockname()[1]


def connected(port):
    """Connect with a small buffer."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    client.settimeout(LIMIT_S)
    client.connect(("127.0.0.1", port))
    return client


def openssl_client(port):
    """Run `openssl s_client`, which prints what it hears."""
    place = ("-connect", f"127.0.0.1:{port}")
    return openssl("s_client", *place, "-tls1_2", errors=subprocess.DEVNULL)


# Sends until the socket takes no more, hears the request once there is room again, goes on.
GO_ON = """
def more(link):
    try:
        return atnet.send(link, b"~" * 3000)
    except OSError as e:
        return e.args[1]

def go_on(link):
    print("up")
    sys.stdin.readline()
    idle = 0
    while idle < 5:
        idle = 0 if more(link) else idle + 1
        time.sleep_ms(20 if idle else 0)
    print("full")
    sys.stdin.readline()
    print(failing(atnet.recv, link, 100))
    print([more(link) for i in range(3)])
    sys.stdin.readline()
    atnet.close(link)
    settle()
"""


def ask_while_full(process, proxy, peer, letter):
    """Let the module fill the link, have the peer ask; return what came of it and what it got.

    letter: the command of the openssl program for a new handshake.
    """
    heard = []
    # From the beginning: a program that cannot print what it hears does not look at its commands.
    listener = threading.Thread(target=lambda: heard.append(peer.stdout.read()))
    listener.start()
    assert process.stdout.readline() == "up\n"
    proxy.drain()  # the end of the handshake has to be through
    shaken = proxy.passed[proxy.module]
    nudge(process)
    proxy.wait_past(proxy.module, shaken + 2 * SMALL)  # so that the peer has some data
    proxy.gate.clear()
    assert process.stdout.readline() == "full\n"
    with proxy.request():
        peer.stdin.write(letter + "\n")
        peer.stdin.flush()
    proxy.drain()
    nudge(process)
    said = lines_of(process, 2)
    proxy.drain()
    nudge(process)
    proxy.close()
    listener.join(LIMIT_S)
    return said, re.sub("(RENEGOTIATING|SSL_do_handshake -> 1)\\n", "", heard[0]).strip()


REFUSED = [
    "renegotiation refused",
    "['connection closed', 'connection closed', 'connection closed']",
]


def test_a_server_that_asks_is_refused(net, tmp_path):
    """The session ends with a clear reason, which the server is told, too."""
    source = """
link = secure(port, atnet.Profile())
print("up")
print(failing(read, link))
print(atnet.recv(link, 10), failing(atnet.send, link, b"x"))
atnet.close(link)
"""
    with openssl_server("-cert", server_file(tmp_path), "-msg") as server:
        with net.running(source, port=server.port) as process:
            assert process.stdout.readline() == "up\n"
            server.stdin.write("r\n")
            server.stdin.flush()
            assert process.stdout.readline() == "renegotiation refused\n"
            assert process.stdout.readline() == "b'' connection closed\n"
        for line in server.stdout:
            if "no_renegotiation" in line:
                break
        else:
            raise AssertionError("the server was not told")


def test_a_server_that_asks_while_a_record_is_half_sent(net, tmp_path):
    """Mbed TLS flushes the record itself when it has something to say; it is not sent again."""
    source = GO_ON + "go_on(secure(port, atnet.Profile()))\n"
    options = ("-cert", server_file(tmp_path), "-naccept", "1")
    with openssl_server(*options) as server, listening() as (listener, port):
        with net.running(source, port=port) as process:
            proxy = Proxy(listener.accept()[0], connected(server.port))
            said, heard = ask_while_full(process, proxy, server, "r")
    assert said == REFUSED
    assert set(heard[heard.index("~") : heard.rindex("~")]) == {"~"}


def test_a_client_that_asks_while_a_record_is_half_sent(net):
    source = """
profile = atnet.Profile(True)
profile.own(cert, key)
link = accepted(listening())
atnet.tls_start(link, profile)
shake(link)
go_on(link)
"""
    with (
        net.running(GO_ON + source, **netcerts.shown()) as process,
        listening() as (listener, port),
    ):
        module_port = int(process.stdout.readline())
        with openssl_client(port) as client:
            proxy = Proxy(connected(module_port), listener.accept()[0])
            said, heard = ask_while_full(process, proxy, client, "R")
    assert said == REFUSED
    assert set(heard[heard.index("~") : heard.rindex("~")]) == {"~"}
