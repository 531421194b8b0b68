"""Bursts in which the module is short of something: memory, a host that reads, flash as it was.

The world's troubles are acts; what the module does meanwhile is that of other bursts.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tools.fuzz import network, protocols, tlswild
from tools.fuzz.burst import Burst
from tools.fuzz.network import join, meanwhile, say
from tools.fuzz.phases import World

Make = Callable[[random.Random, Burst, World], None]
_BUSY: tuple[Make, ...] = (
    *(network.links, network.server, network.names, network.sockets, network.update),
    *(protocols.http, protocols.mqtt, protocols.websockets, protocols.webserver),
)
_HEAPS = ("heap.python", "heap.python", "heap.c")


def memory(rng: random.Random, burst: Burst, world: World) -> None:
    """Let allocations fail while links and protocols are used."""
    for _ in range(rng.randint(1, 4)):
        skip = rng.choice((rng.randrange(50), rng.randrange(500), rng.randrange(9000)))
        times = rng.choice((1, 1, 3, 20, 200))
        burst.act(do="fault", call=rng.choice(_HEAPS), error="MemoryError", skip=skip, times=times)
        rng.choice(_BUSY)(rng, burst, world)


def deaf(rng: random.Random, burst: Burst, world: World) -> None:
    """Use the module like a host that stops reading for long and goes on writing."""
    join(rng, burst, world)
    other = Burst(burst.number, "")
    rng.choice(_BUSY)(rng, other, world)
    for pause_ms, what in other.chunks:
        if isinstance(what, bytes):
            burst.add(what, pause_ms)
        elif what.get("host") == "answer":
            burst.act(host="deaf", ms=rng.choice((0, 5, 30, 200)))
        else:
            burst.act(pause_ms, **what)
    burst.act(host="deaf", ms=rng.choice((100, 1000, 4000)))


def flash(rng: random.Random, burst: Burst, _world: World) -> None:
    """Keep settings, flip bits of what is kept, take the power away and give it back."""
    for line in rng.sample(
        (
            *("AT+SYSSTORE=1", "AT+CWMODE=3", "AT+CIPMODE=0", 'AT+CWHOSTNAME="fuzz"'),
            *("AT+CIPTCPOPT=0,1,1,100", 'AT+CIPDNS=1,"127.0.0.1"', "AT+CWRECONNCFG=1,100"),
            *('AT+CWSAP="fuzz","12345678",5,3', "AT+CIPSSLCCONF=0,0,0", "AT+CWDHCP=1,3"),
        ),
        4,
    ):
        say(rng, burst, line)
    burst.act(
        host="flips",
        part=rng.choice(("nvs", "nvs", "mfg_nvs", "vfs", "otadata")),
        seed=rng.randrange(1 << 30),
    )
    burst.act(300, do="power_cycle")
    burst.act(host="answer", ms=3000)


def tls(rng: random.Random, burst: Burst, world: World) -> None:
    """Meet TLS peers that break the rules, as a client and as a server."""
    join(rng, burst, world)
    if "script" not in world.ports or rng.random() < 0.25:
        own = rng.randint(20000, 60000)
        say(rng, burst, "AT+CIPMUX=1")
        say(rng, burst, f'AT+CIPSERVER=1,{own},"SSL"', 10)
        for _ in range(rng.randint(1, 3)):
            burst.act(rng.choice((5, 40)), peer="dial", port=own, steps=tlswild.steps(rng))
            meanwhile(rng, burst)
        say(rng, burst, "AT+CIPSERVER=0,1", 60)
        return
    say(rng, burst, "AT+CIPCLOSE=5")
    say(rng, burst, "AT+CIPMUX=0")
    for _ in range(rng.randint(1, 3)):
        say(rng, burst, "AT+CIPCLOSE")
        if "bad_tls" in world.ports and rng.random() < 0.6:
            burst.act(peer="mangle", edits=[], records=tlswild.record_edits(rng))
            port = rng.choice(("<bad_tls>", "<bad_web_tls>"))
        else:
            burst.act(peer="script", steps=tlswild.steps(rng))
            port = "<script>"
        say(rng, burst, f'AT+CIPSTART="SSL","127.0.0.1",{port}', 5)
        say(rng, burst, "AT+CIPSEND=20", 5)
        burst.add(b"GET / HTTP/1.0\r\n\r\n.." if "web" in port else b"x" * 20, 10)
        meanwhile(rng, burst)


# Kinds of bursts, and how often each comes among the others.
KINDS: dict[Make, int] = {
    memory: 10,
    deaf: 4,
    flash: 3,
    tls: 10,
}
