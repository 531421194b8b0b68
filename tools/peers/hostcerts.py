"""Certificates for the address at which a module reaches this machine.

Those of build/certs name 127.0.0.1, ::1, localhost and *.test. Where the module is in another
network, the same authorities issue others, for the address and the name it uses; they are in a
folder that goes with the process. What a server shows is tools/peers/peers.py's.
"""

from __future__ import annotations

import atexit
import datetime
import shutil
import tempfile
from pathlib import Path

CERTIFICATES = Path(__file__).resolve().parents[2] / "build" / "certs"
_ALWAYS = ("localhost", "*.test")  # names besides, which transcripts ask for
_OF_ALL = ("127.0.0.1", "::1", "peer.test")  # for what build/certs will do
_place = {"folder": CERTIFICATES}


def folder() -> Path:
    """Return where the certificates and keys of servers on this machine are."""
    return _place["folder"]


def issue(*hosts: str) -> None:
    """Have servers of this process show certificates that name these addresses and names."""
    if not CERTIFICATES.is_dir() or all(host in _OF_ALL for host in hosts):
        return
    import trustme  # of the tests alone

    names = (*hosts, *_ALWAYS)
    scratch = Path(tempfile.mkdtemp(prefix="certs-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    shutil.copytree(CERTIFICATES, scratch, dirs_exist_ok=True)
    now = datetime.datetime.now(datetime.UTC)
    for prefix in ("", "other_"):
        authority = trustme.CA.from_pem(
            (CERTIFICATES / f"{prefix}ca.crt").read_bytes(),
            (CERTIFICATES / f"{prefix}ca.key").read_bytes(),
        )
        _write(scratch, f"{prefix}peer", authority.issue_cert(*names, common_name=hosts[0]))
        if prefix:
            continue
        for name, days in (("expired", -10), ("future", 3650)):
            begin = now + datetime.timedelta(days=days)
            late = authority.issue_cert(
                *names,
                common_name=hosts[0],
                not_before=begin,
                not_after=begin + datetime.timedelta(days=1),
            )
            _write(scratch, f"{name}_peer", late)
    _place["folder"] = scratch


def _write(target: Path, name: str, leaf: object) -> None:
    import trustme

    assert isinstance(leaf, trustme.LeafCert)
    leaf.cert_chain_pems[0].write_to_path(target / f"{name}.crt")
    leaf.private_key_pem.write_to_path(target / f"{name}.key")
