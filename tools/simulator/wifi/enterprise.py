"""The authentication server of enterprise networks: EAP-TLS, PEAP and TTLS by their outcome.

No EAP packet is exchanged, but certificates are real: the authority of the network has signed
its server's and must have signed the client's.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

METHODS = ("tls", "peap", "ttls")
_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Credentials:
    """What the station's supplicant was given; method None: not enabled."""

    method: int | None = None
    identity: bytes = b""
    username: bytes = b""
    password: bytes = b""
    ca: bytes = b""
    certificate: bytes = b""
    key: bytes = b""

    def with_(self, **changes: Any) -> "Credentials":
        """Return a copy with some values changed."""
        return replace(self, **changes)


def accepts(server: dict[str, Any], given: Credentials) -> bool:
    """Tell whether both sides are content."""
    if given.method is None or METHODS[given.method] not in server["methods"]:
        return False
    # Not at the top: it would take a quarter of each simulator's start, and few networks ask.
    from tools.simulator.wifi import clientcert

    try:
        authority = clientcert.load((_ROOT / server["ca"]).read_bytes())
        if given.ca and clientcert.load(given.ca) != authority:
            return False
        if METHODS[given.method] == "tls":
            known = clientcert.is_client(given.certificate, given.key, authority)
            return bool(given.identity) and known
    except ValueError:  # no certificate at all
        return False
    return server["users"].get(given.username.decode(errors="replace")) == given.password.decode(
        errors="replace"
    )
