"""Peers of the network layer's scripts, and the host at the other end of their UART."""

import contextlib
import re
import socket
import subprocess
import threading
from contextlib import contextmanager

from tests_host.c import netcerts
from tests_host.c.netscript import LIMIT_S, echo, serving
from tools.peers.secure import wrap
from tools.peers.servers import FreePort


def tls_server(context, handle=echo):
    """Return a handler for serving() that does TLS first and a proper goodbye last."""

    def serve(client):
        with wrap(context, client, server_side=True) as secure:
            handle(secure)
            secure.unwrap().close()

    return serve


def tls_serving(handle=echo, secured=True):
    """Serve as serving() does, over TLS, or not if it is not `secured`; yield the port."""
    return serving(tls_server(netcerts.server_context(), handle) if secured else handle)


@contextmanager
def host_and_uart():
    """Return both ends of the line: the host's, with a time limit, and the module's."""
    host, uart = socket.socketpair()
    host.settimeout(LIMIT_S)
    with host, uart:
        yield host, uart


def receive(host, count):
    """Read exactly count bytes."""
    data = bytearray()
    while len(data) < count:
        part = host.recv(count - len(data))
        assert part, data
        data += part
    return bytes(data)


def receive_line(host, end=b"\r\n"):
    data = b""
    while not data.endswith(end):
        data += receive(host, 1)
    return data


def receive_ipd(host):
    """Read one +IPD message; return what stands before the colon, and the data."""
    head = receive_line(host, b":")
    while head.count(b'"') % 2:
        head += receive_line(host, b":")  # that colon was part of an IPv6 address
    size = re.match(rb"\r\n\+IPD,(?:\d+,)?(\d+)(?:,\"|:)", head)
    assert size, head
    return head[2:-1].decode(), receive(host, int(size[1]))


def sink(store):
    """Return a handler that stores all a client says."""

    def take(client):
        data = bytearray()
        store.append(data)
        while part := client.recv(65536):
            data += part

    return take


def lines_of(process, count):
    return [process.stdout.readline().strip() for _ in range(count)]


def nudge(process):
    """Let a script go on that waits in sys.stdin.readline()."""
    process.stdin.write("\n")
    process.stdin.flush()


@contextmanager
def openssl(*words, errors=subprocess.STDOUT):
    """Run the openssl program, for a minute at most; `errors` says where those go."""
    process = subprocess.Popen(
        ["openssl", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        errors="backslashreplace",
    )
    timer = threading.Timer(LIMIT_S, process.kill)
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@contextmanager
def openssl_server(*options):
    """Run `openssl s_server`, which sends back each line reversed unless told otherwise."""
    free = FreePort()
    place = ("-accept", f"127.0.0.1:{free.number}")
    with (
        contextlib.closing(free),
        openssl("s_server", *place, "-tls1_2", *map(str, options)) as process,
    ):
        for line in process.stdout:
            if "ACCEPT" in line:
                break
        process.port = free.number
        yield process


def server_file(folder):
    path = folder / "server.pem"
    path.write_bytes(netcerts.leaf("good").private_key_and_cert_chain_pem.bytes())
    return path
