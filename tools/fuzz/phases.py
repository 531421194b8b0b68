"""How the fuzzer enters the data phases of commands, and what there is to talk to.

A phase is some lines, the last of which asks for payload, and the number of bytes it will take
if all goes well.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class World:
    """Strings that mean something to the module, its access point, ports on this machine."""

    words: tuple[str, ...] = ()
    ssid: str = "espressif"
    password: str = "1234567890"
    ports: frozenset[str] = frozenset()  # names of peers, whose ports stand as <name> in bursts


@dataclass(frozen=True)
class Phase:
    """Lines with the pause in ms before each, and the bytes that the last one asks for."""

    lines: list[tuple[str, int]]
    size: int


def open_link(rng: random.Random, world: World, kind: str) -> list[tuple[str, int]]:
    """Return the lines that open link 0 without AT+CIPMUX; joining is not always repeated."""
    join = [
        ("AT+CWMODE=1", 0),
        (f'AT+CWJAP="{world.ssid}","{world.password}"', 10),
        ("AT", 500),
    ]
    port = "<udp_echo>" if kind == "UDP" else "<echo>"
    return [
        *(join if rng.random() < 0.5 else ()),
        ("AT+CIPCLOSE", 0),
        ("AT+CIPMODE=0", 5),
        ("AT+CIPMUX=0", 0),
        (f'AT+CIPSTART="{kind}","127.0.0.1",{port}', 10),
        ("AT", 60),
    ]


def _userram(rng: random.Random, _world: World) -> Phase:
    size = rng.choice((1, 5, 16, 500, 1024, 4096))
    lines = [(f"AT+USERRAM=1,{rng.choice((1, 16, 1000, 4096))}", 0)] if rng.random() < 0.5 else []
    return Phase([*lines, (f"AT+USERRAM=2,{size},{rng.choice((0, 0, 1, 100))}", 0)], size)


def _sysflash(rng: random.Random, world: World) -> Phase:
    size = rng.choice((1, 4, 100, 1024, 1025, 4096, 9000))
    name = rng.choice(world.words or ("x",))
    lines = [(f'AT+SYSFLASH=0,"{name}"', 0)] if rng.random() < 0.2 else []
    line = f'AT+SYSFLASH=1,"{name}",{rng.choice((0, 1, 4095))},{size}'
    return Phase([*lines, (line, 0)], size)


def _sysmfg(rng: random.Random, _world: World) -> Phase:
    size = rng.choice((1, 2, 100, 3999))
    kind = rng.choice((7, 8))
    return Phase([(f'AT+SYSMFG=2,"fuzz","k{rng.randrange(4)}",{kind},{size}', 0)], size)


def _filter(rng: random.Random, _world: World) -> Phase:
    head, tail = rng.randint(0, 64), rng.randint(0, 64)
    line = f"AT+SYSMSGFILTERCFG={rng.choice((1, 1, 2))},{head},{tail}"
    return Phase([(line, 0)], head + tail)


def _send(command: str) -> Callable[[random.Random, World], Phase]:
    """Return the maker of phases of a sending command over TCP or UDP."""

    def make(rng: random.Random, world: World) -> Phase:
        size = rng.choice((1, 4, 100, 1460, 2048, 8192))
        lines = []
        if "echo" in world.ports and rng.random() < 0.4:
            lines = open_link(rng, world, rng.choice(("TCP", "UDP")))
        return Phase([*lines, (f"AT{command}={size}", 0)], size)

    return make


# Commands with a data phase.
PHASES: dict[str, Callable[[random.Random, World], Phase]] = {
    "+USERRAM": _userram,
    "+SYSFLASH": _sysflash,
    "+SYSMFG": _sysmfg,
    "+SYSMSGFILTERCFG": _filter,
    "+CIPSEND": _send("+CIPSEND"),
    "+CIPSENDEX": _send("+CIPSENDEX"),
    "+CIPSENDL": _send("+CIPSENDL"),
}
