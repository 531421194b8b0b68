"""What an MQTT session asks of the broker: what answers a request, and how its state is kept.

Sending requests and reading answers is mqtt_client.py's business.
"""

import asyncio

from at.errors import LinkError
from at.wire import mqtt

AWAITED = (0, mqtt.PUBACK, mqtt.PUBREC)  # what answers a message of QoS 0, 1, 2

_REFUSALS = (  # codes of CONNACK from 1 on
    "protocol version",
    "client identifier",
    "server unavailable",
    "bad user name or password",
    "not authorized",
)


def refusal(code):
    """Return the error for a code of CONNACK."""
    reason = _REFUSALS[code - 1] if code <= len(_REFUSALS) else "code %d" % code
    return LinkError("the broker refuses: " + reason)


class Request:
    """What waits for an answer. `kind` is the type of the packet that is awaited."""

    def __init__(self, kind, pid, packet=None):
        self.kind = kind
        self.pid = pid
        self.packet = packet  # function of is_dup that composes it; None: it is sent only once
        self.code = 0  # what the answer says
        self.problem = None  # why there is no answer
        self.event = asyncio.Event()

    @property
    def survives(self):
        """Whether it can be sent again over the next connection."""
        return self.packet is not None or self.kind == mqtt.PUBCOMP

    def end(self, code=0, problem=None):
        """Let the one who waits go on."""
        self.code = code
        self.problem = problem
        self.event.set()
