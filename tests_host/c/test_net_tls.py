"""TLS client links against OpenSSL servers: what is accepted, what is refused and why."""

import socket
import ssl

import pytest

from tests_host.c import netcerts
from tests_host.c.netpeers import tls_server
from tests_host.c.netscript import serving

CLIENT = """
profile = atnet.Profile()
profile.verify(2)
profile.ca(ca)
link = connect(port)
atnet.tls_start(link, profile, sni, name)
print(failing(shake, link))
print(atnet.error(link) and atnet.error(link)[1])
if atnet.error(link) is None:
    write(link, b"hello")
    print(read_exactly(link, 5))
    version, cipher, alpn, flags = atnet.tls_info(link)
    print(version, cipher.startswith("TLS-ECDHE-"), alpn, flags)
else:
    print(failing(atnet.send, link, b"x"), "-", failing(atnet.handshake, link))
    print(atnet.recv(link, 1))
atnet.close(link)
"""


def talk(net, context, name=netcerts.NAME, sni=netcerts.NAME, ca=None):
    with serving(tls_server(context)) as port:
        values = {"ca": ca or netcerts.trusted(), "port": port, "sni": sni, "name": name}
        return net.run(CLIENT, **values)


@pytest.mark.parametrize("kind", ["good", "rsa"])
def test_a_good_server(net, kind):
    lines = talk(net, netcerts.server_context(kind))
    assert lines == ["no error", "None", "b'hello'", "TLSv1.2 True None 0"]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("stranger", "unknown CA"),
        ("expired", "certificate expired"),
        ("future", "certificate not yet valid"),
        ("other", "wrong name"),
    ],
)
def test_a_server_that_cannot_be_trusted(net, kind, reason):
    lines = talk(net, netcerts.server_context(kind))
    # The session is dead, the link itself whole: it can be asked and closed.
    assert lines == [reason, reason, "connection closed - not connected", "b''"]


def test_a_certificate_that_is_made_for_clients(net, tmp_path):
    """Mbed TLS finds that after all other checks, so that it has to be asked once more."""
    path = tmp_path / "server.pem"
    path.write_bytes(b"".join(netcerts.for_clients()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    assert talk(net, context)[:2] == ["wrong certificate usage"] * 2


@pytest.mark.parametrize(
    ("sni", "name", "reason"),
    [
        ("front.test", "server.test", "no error"),
        ("server.test", "front.test", "wrong name"),
        ("front.test", None, "no error"),
        (None, "server.test", "no error"),
        (None, None, "no error"),
        (None, "SERVER.test", "no error"),
        (None, "127.0.0.1", "wrong name"),
    ],
)
def test_the_name_told_and_the_name_checked_are_apart(net, sni, name, reason):
    """The server sees the SNI; the certificate is compared with the common name alone."""
    seen = []
    context = netcerts.server_context()
    context.sni_callback = lambda _, server_name, __: seen.append(server_name)
    assert talk(net, context, name, sni)[0] == reason
    assert seen == [sni]


def test_a_name_with_a_wildcard_and_an_address(net):
    certificate = netcerts.authority().issue_cert("*.wild.test", "127.0.0.1")
    context = netcerts.server_context()
    certificate.configure_cert(context)
    names = {"a.wild.test": "no error", "wild.test": "wrong name", "127.0.0.1": "no error"}
    for name, reason in names.items():
        assert talk(net, context, name)[0] == reason


def test_checks_can_be_off_or_only_noted(net):
    with serving(tls_server(netcerts.server_context("stranger"))) as port:
        lines = net.run(
            """
for mode in (0, 1, 2):
    profile = atnet.Profile()
    profile.ca(ca)
    profile.verify(mode)
    print(failing(lambda: print(atnet.tls_info(secure(port, profile, None, "nobody"))[3])))
profile = atnet.Profile()
profile.verify(2)
print(failing(secure, port, profile))
print(failing(profile.verify, 3))
""",
            port=port,
            ca=netcerts.trusted(),
        )
    # 12: the name differs (4), the authority is not trusted (8)
    assert lines == [
        *("0", "no error", "12", "no error", "unknown CA"),
        *("no CA to check with", "verify mode is 0, 1 or 2"),
    ]


CLIENT_CERTIFICATE = """
profile = atnet.Profile()
if cert:
    profile.own(cert, key)
def run():
    link = secure(port, profile)
    write(link, b"hello")
    print(read_exactly(link, 5))
print(failing(run))
"""


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("client", ["b'hello'", "no error"]),
        ("stranger", ["own certificate refused"]),
        (None, ["client certificate required"]),
    ],
)
def test_a_server_that_wants_a_certificate(net, kind, lines):
    with serving(tls_server(netcerts.server_context(clients=True))) as port:
        own = netcerts.leaf(kind) if kind else None
        values = {"cert": netcerts.chain(own), "key": netcerts.key(own)} if own else {}
        values = {"cert": None, "key": None, "port": port, **values}
        assert net.run(CLIENT_CERTIFICATE, **values) == lines


@pytest.mark.parametrize(
    ("offered", "known", "chosen"),
    [
        (["mqtt", "http/1.1"], ["http/1.1", "h2"], "http/1.1"),
        (["mqtt", "http/1.1"], ["http/1.1", "mqtt"], "http/1.1"),
        (["mqtt"], [], "None"),
        ([], ["mqtt"], "None"),
        (["mqtt"], ["h2"], "None"),  # this server goes on without; see test_net_psk.py
    ],
)
def test_alpn(net, offered, known, chosen):
    context = netcerts.server_context()
    if known:
        context.set_alpn_protocols(known)
    with serving(tls_server(context)) as port:
        lines = net.run(
            """
profile = atnet.Profile()
profile.alpn(offered)
print(atnet.tls_info(secure(port, profile))[2])
""",
            port=port,
            offered=offered,
        )
    assert lines == [chosen]


def test_certificates_may_be_der_and_the_peers_can_be_had(net, tmp_path):
    ca = netcerts.der(netcerts.trusted(), "x509", tmp_path)
    own = netcerts.leaf("client")
    cert = netcerts.der(own.cert_chain_pems[0].bytes(), "x509", tmp_path)
    key = netcerts.der(netcerts.key(own), "pkey", tmp_path)
    peer = netcerts.der(netcerts.leaf("good").cert_chain_pems[0].bytes(), "x509", tmp_path)
    with serving(tls_server(netcerts.server_context(clients=True))) as port:
        lines = net.run(
            """
profile = atnet.Profile()
profile.verify(2)
profile.ca(ca)
profile.own(cert, key)
link = secure(port, profile, "server.test", "server.test")
print(atnet.peer_cert(link) == peer)
""",
            port=port,
            ca=ca,
            cert=cert,
            key=key,
            peer=peer,
        )
    assert lines == ["True"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", "not a TLS peer"),
        (b"\x16\x03\x01\x00", "closed during handshake"),
        (b"", "closed during handshake"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "no common cipher"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "protocol version"),
        (b"\x15\x03\x03\x00\x02\x02\x70", "unknown server name"),
        (b"\x15\x03\x03\x00\x02\x02\x78", "alpn mismatch"),
        (b"\x15\x03\x03\x00\x02\x02\x73", "psk mismatch"),
        (b"\x15\x03\x03\x00\x02\x02\x74", "client certificate required"),
        (b"\x15\x03\x03\x00\x02\x02\x0a", "alert from the peer"),
        (b"\x15\x03\x03\x00\x02\x01\x00", "closed during handshake"),
    ],
)
def test_a_peer_that_does_not_shake_hands(net, answer, reason):
    def refuse(client):
        client.recv(1)
        client.sendall(answer)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass

    with serving(refuse) as port:
        lines = net.run("print(failing(secure, port, atnet.Profile()))", port=port)
    assert lines == [reason]


def test_a_peer_that_says_nothing_leaves_the_decision_to_the_caller(net):
    with serving(lambda client: client.recv(4096) and client.recv(1)) as port:
        lines = net.run(
            """
link = connect(port)
atnet.tls_start(link, atnet.Profile())
while True:
    wanted = atnet.handshake(link)
    if wanted == atnet.READ:
        break
print(until(link, atnet.READ, 100))
print(atnet.send(link, b"x"), atnet.recv(link, 1), atnet.tls_info(link))
atnet.close(link)
""",
            port=port,
        )
    assert lines == ["False", "None None (None, None, None, 0)"]
