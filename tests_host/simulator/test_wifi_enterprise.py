"""The authentication server of the imitated enterprise networks, with real certificates."""

import pytest
import trustme

from tools.simulator.wifi.enterprise import Credentials, accepts

TLS, PEAP, TTLS = range(3)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("eap") / "ca.pem"
    path.write_bytes(authority.cert_pem.bytes())
    return {"methods": ["tls", "peap"], "users": {"me": "secret"}, "ca": str(path)}


def client_of(authority: trustme.CA) -> dict[str, bytes]:
    leaf = authority.issue_cert("client.test")
    return {
        "certificate": leaf.cert_chain_pems[0].bytes(),
        "key": leaf.private_key_pem.bytes(),
    }


def password(**changes) -> Credentials:
    given = {"identity": b"x", "username": b"me", "password": b"secret"} | changes
    return Credentials(PEAP, **given)


def test_user_and_password(server):
    assert accepts(server, password())
    assert not accepts(server, password(password=b"wrong"))
    assert not accepts(server, password(username=b"you"))
    assert not accepts(server, password(username=b"\xff"))


def test_method_that_the_network_has_not(server):
    given = password()
    assert not accepts(server, given.with_(method=TTLS))
    assert not accepts(server, given.with_(method=None))


def test_the_station_checks_the_server(server, authority):
    assert accepts(server, password(ca=authority.cert_pem.bytes() + b"\0"))
    assert not accepts(server, password(ca=trustme.CA().cert_pem.bytes()))
    assert not accepts(server, password(ca=b"no certificate"))


def test_the_server_checks_the_client(server, authority):
    client = client_of(authority)
    assert accepts(server, Credentials(TLS, b"x", **client))
    assert not accepts(server, Credentials(TLS, b"", **client))
    assert not accepts(server, Credentials(TLS, b"x"))
    assert not accepts(server, Credentials(TLS, b"x", **client_of(trustme.CA())))
    other_key = {**client, "key": client_of(authority)["key"]}
    assert not accepts(server, Credentials(TLS, b"x", **other_key))
