"""The standard `ssl` interface that libraries on the module use, and asyncio on both."""

import socket

from tests_host.c import netcerts
from tests_host.c.netpieces import SOCKETS
from tests_host.c.netscript import LIMIT_S
from tools.peers.secure import wrap


def test_tls_like_any_socket(net, tls_port):
    lines = net.run(
        SOCKETS
        + """
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(cadata=ca)
print(context.verify_mode, context.check_hostname)
s = socket.socket()
s.connect(("127.0.0.1", port))
with context.wrap_socket(s, server_hostname="server.test") as t:
    print(t.cipher()[1], t.version(), t.selected_alpn_protocol(), len(t.getpeercert(True)) > 200)
    t.write(b"one\\ntwo\\n")
    print(t.readline(), t.read(4))
    t.setblocking(False)
    print(t.read(1), t.write(b"x"))
    t.settimeout(5)
    print(t.recv(10))
    t.shutdown(socket.SHUT_WR)
    print(t.read())
print(error(s.send, b"x"))
s.close()
""",
        port=tls_port,
        ca=netcerts.trusted(),
    )
    assert lines == [
        "2 True",
        "TLSv1.2 TLSv1.2 None True",
        "b'one\\n' b'two\\n'",
        "None 1",
        "b'x'",
        "b''",
        "EBADF",
    ]


NAMES = """
def attempt(**options):
    s = socket.socket()
    s.settimeout(5)
    s.connect(("127.0.0.1", port))
    try:
        return context.wrap_socket(s, **options) and "good"
    except OSError as e:
        return e.args[1]
    except ValueError as e:
        return str(e)
    finally:
        s.close()

context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
print(attempt(server_hostname="server.test"))
context.load_verify_locations(cadata=ca)
print(attempt(), "-", attempt(server_side=True))
print(attempt(server_hostname="server.test"), "-", attempt(server_hostname="other.test"))
print(attempt(server_hostname="front.test", common_name="server.test"))
print(attempt(server_hostname="front.test", common_name=""))
print(attempt(server_hostname="127.0.0.1"))
context.check_hostname = False
print(attempt(), "-", attempt(server_hostname="other.test"))
context.verify_mode = ssl.CERT_NONE
print(attempt())
"""


def test_tls_names_and_refusals(net, tls_port):
    lines = net.run(
        SOCKETS + NAMES,
        port=tls_port,
        ca=netcerts.trusted(),
    )
    assert lines == [
        "no CA to check with",
        "CERT_REQUIRED needs server_hostname - context is for the other side",
        "good - wrong name",
        "good",
        "good",
        "wrong name",
        "good - good",
        "good",
    ]


def test_a_tls_handshake_without_waiting(net, tls_port):
    lines = net.run(
        SOCKETS
        + """
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.verify_mode = ssl.CERT_NONE
s = socket.socket()
s.connect(("127.0.0.1", port))
s.setblocking(False)
t = context.wrap_socket(s)
waits = 0
while True:
    try:
        t.do_handshake()
        break
    except OSError as e:
        if e.errno != errno.EAGAIN:
            raise
        waits += 1
        time.sleep_ms(1)
print(waits > 0, t.read(10))
while t.write(b"hello") is None:
    pass
got = None
while got is None:
    got = t.read(5)
    time.sleep_ms(1)
print(got)
""",
        port=tls_port,
    )
    assert lines == ["True None", "b'hello'"]


def test_a_tls_server_with_files(net, tmp_path):
    own = netcerts.leaf("good")
    (tmp_path / "cert.pem").write_bytes(netcerts.chain(own))
    (tmp_path / "key.pem").write_bytes(netcerts.key(own))
    (tmp_path / "ca.pem").write_bytes(netcerts.trusted())
    source = (
        SOCKETS
        + """
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
context.load_verify_locations(folder + "/ca.pem")
context.verify_mode = ssl.CERT_REQUIRED
context.set_alpn_protocols(["mqtt"])
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(1)
print(s.getsockname()[1])
client, _ = s.accept()
t = context.wrap_socket(client, server_side=True)
print(t.selected_alpn_protocol())
t.write(t.read(5))
t.close()
settle()
"""
    )
    with net.running(source, folder=str(tmp_path)) as process:
        port = int(process.stdout.readline())
        context = netcerts.client_context("client")
        context.set_alpn_protocols(["mqtt"])
        with (
            socket.create_connection(("127.0.0.1", port), LIMIT_S) as plain,
            wrap(context, plain, server_hostname=netcerts.NAME) as client,
        ):
            client.sendall(b"hello")
            assert client.recv(5) == b"hello"
            assert client.recv(5) == b""
        assert process.stdout.readline() == "mqtt\n"


def test_asyncio_streams_work_on_it(net, echo_port):
    """MicroPython's own event loop polls the objects."""
    lines = net.run(
        SOCKETS
        + """
import asyncio

async def talk(number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"%d\\n" % number)
    await writer.drain()
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line

async def main():
    print(await asyncio.gather(*[talk(n) for n in range(4)]))

asyncio.run(main())
""",
        port=echo_port,
    )
    assert lines == ["[b'0\\n', b'1\\n', b'2\\n', b'3\\n']"]
