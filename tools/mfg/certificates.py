"""Make the test certificates in build/certs, once: run by build.py with the Python of build/venv.

Two unrelated authorities, so that tests can trust the wrong one. Of authority 0 are also the
server of the module, its MQTT and its WPA2 client. `peer.*` and `other_peer.*` are for servers
on the PC that the module connects to; `stranger_peer.*` names another host, `expired_peer.*` and
`future_peer.*` are out of date. Each ca.key stays, so that a test can issue more. Names follow the
manual, 6.8.1.
"""

import datetime
import sys
from pathlib import Path

import trustme

HOSTS = ("localhost", "*.test", "127.0.0.1", "::1")


def write(folder: Path, name: str, blob: trustme.Blob) -> None:
    """Write one PEM file; keys are for the owner alone."""
    path = folder / name
    path.write_bytes(blob.bytes())
    path.chmod(0o600 if name.endswith(".key") else 0o644)


def write_pair(folder: Path, certificate: str, key: str, leaf: trustme.LeafCert) -> None:
    """Write a certificate and its key."""
    write(folder, certificate, leaf.cert_chain_pems[0])
    write(folder, key, leaf.private_key_pem)


def make(folder: Path) -> None:
    """Write all test certificates and keys into the folder."""
    folder.mkdir(parents=True)
    authorities = [trustme.CA(organization_name=f"Test authority {index}") for index in (0, 1)]
    for index, authority in enumerate(authorities):
        prefix = ("", "other_")[index]
        write(folder, f"{prefix}ca.crt", authority.cert_pem)
        write(folder, f"{prefix}ca.key", authority.private_key_pem)
        write(folder, f"client_ca_{index:02}.crt", authority.cert_pem)
        client = authority.issue_cert(f"client{index}.test", common_name=f"client{index}.test")
        write_pair(folder, f"client_cert_{index:02}.crt", f"client_key_{index:02}.key", client)
        peer = authority.issue_cert(*HOSTS, common_name="localhost")
        write_pair(folder, f"{prefix}peer.crt", f"{prefix}peer.key", peer)
    first = authorities[0]
    stranger = first.issue_cert("stranger.example", common_name="stranger.example")
    write_pair(folder, "stranger_peer.crt", "stranger_peer.key", stranger)
    now = datetime.datetime.now(datetime.UTC)
    for name, days in (("expired", -10), ("future", 3650)):
        begin = now + datetime.timedelta(days=days)
        span = {"not_before": begin, "not_after": begin + datetime.timedelta(days=1)}
        late = first.issue_cert(*HOSTS, common_name="localhost", **span)
        write_pair(folder, f"{name}_peer.crt", f"{name}_peer.key", late)
    for name in ("server_ca.crt", "mqtt_ca.crt", "wpa2_ca.pem"):
        write(folder, name, first.cert_pem)
    server = first.issue_cert("module.test", *HOSTS, common_name="module.test")
    write_pair(folder, "server_cert.crt", "server.key", server)
    for name in ("mqtt_client", "wpa2_client"):
        client = first.issue_cert(f"{name.replace('_', '-')}.test", common_name=name)
        write_pair(folder, f"{name}.crt", f"{name}.key", client)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
