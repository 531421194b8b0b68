"""Make fuzz input: short bursts, each from its own seed so that it can be made again.

Owns what hosts send: command lines made from the declarations (valid, at their limits, damaged),
random bytes, half and over-long lines, data phases with too little, enough or too much payload.
Bursts in which the network takes part are those of tools/fuzz/network.py,
tools/fuzz/protocols.py and tools/fuzz/troubles.py.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tools.catalogue import boundaries
from tools.catalogue.declarations import FORMS, SUFFIX, Command, Parameter
from tools.fuzz import network, phases, protocols, troubles
from tools.fuzz.burst import Burst
from tools.fuzz.harm import cut, damage, payload
from tools.fuzz.phases import World

# What a line may look like that puts the module to sleep for longer than a burst may wait.
_SLEEP = re.compile(rb"GSLP=(?![0?][,\r])")
_NOISE = b'\0\r\n\x7f\xff ,=?"\\+AT>:;'


class Bursts:
    """The bursts of one seed: `make(n)` is always the same."""

    def __init__(self, seed: int, commands: list[Command], world: World) -> None:
        """Prepare; the world says what there is to talk to."""
        self._seed = seed
        self._commands = commands
        self._world = world
        batches = [batch for command in commands for batch in boundaries.batches(command)]
        self._cases = [case.line for batch in batches for case in batch.cases]
        names = {command.name for command in commands}
        self._phases = [phase for name, phase in phases.PHASES.items() if name in names]
        kinds: dict[Callable[[random.Random, Burst], None], int] = {
            self._valid: 20,
            self._boundary: 20,
            self._damaged: 20,
            self._phase: 20,
            self._passthrough: 3 if world.ports else 0,
            self._random: 8,
            self._half: 6,
            self._long: 4,
            self._crowd: 6,
            self._mixed: 4,
        }
        if world.ports:
            known = {**network.KINDS, **protocols.KINDS, **troubles.KINDS}
            kinds |= {self._with_world(make): often for make, often in known.items()}
        self._kinds = list(kinds)
        self._weights = list(kinds.values())

    def make(self, number: int) -> Burst:
        """Return the burst with this number; no burst puts the module to sleep for long."""
        for attempt in range(100):
            rng = random.Random(f"{self._seed}/{number}/{attempt}")
            kind = rng.choices(self._kinds, self._weights)[0]
            burst = Burst(number, kind.__name__.strip("_"))
            kind(rng, burst)
            if not _SLEEP.search(burst.data):
                return burst
        return Burst(number, "empty", [(0, b"AT\r\n")])

    def _with_world(
        self, make: Callable[[random.Random, Burst, World], None]
    ) -> Callable[[random.Random, Burst], None]:
        def kind(rng: random.Random, burst: Burst) -> None:
            make(rng, burst, self._world)

        kind.__name__ = make.__name__
        return kind

    # Kinds of bursts

    def _valid(self, rng: random.Random, burst: Burst) -> None:
        for _ in range(rng.randint(1, 4)):
            burst.add(self.line(rng).encode("latin-1") + b"\r\n", rng.choice((0, 0, 2)))

    def _boundary(self, rng: random.Random, burst: Burst) -> None:
        for _ in range(rng.randint(1, 6)):
            burst.add(rng.choice(self._cases).encode() + b"\r\n", rng.choice((0, 0, 2)))

    def _damaged(self, rng: random.Random, burst: Burst) -> None:
        for _ in range(rng.randint(1, 4)):
            line = damage(rng, self.line(rng).encode("latin-1"))
            burst.add(line + rng.choice((b"\r\n", b"\r\n", b"\r\n", b"\r", b"\n", b"")))

    def _phase(self, rng: random.Random, burst: Burst) -> None:
        """Enter a data phase and give it too little, enough or too much, in pieces."""
        phase = rng.choice(self._phases)(rng, self._world)
        for line, pause_ms in phase.lines:
            burst.add(line.encode() + b"\r\n", pause_ms)
        size = max(0, phase.size + rng.choice((0, 0, 0, -1, 1, -phase.size, 7, 300)))
        for piece in cut(rng, payload(rng, size)):
            burst.add(piece, rng.choice((0, 0, 0, 1, 5)))

    def _passthrough(self, rng: random.Random, burst: Burst) -> None:
        """Send bytes through a link without frames, with +++ among them, and leave it."""
        for line, pause_ms in phases.open_link(rng, self._world, "TCP"):
            burst.add(line.encode() + b"\r\n", pause_ms)
        burst.add(b"AT+CIPMODE=1\r\nAT+CIPSEND\r\n", 50)
        for piece in cut(rng, payload(rng, rng.choice((1, 100, 3000, 20000)))):
            burst.add(piece, rng.choice((0, 0, 25)))
            if rng.random() < 0.3:
                burst.add(
                    rng.choice((b"+", b"++", b"+++", b"++++", b"+++\r\n")), rng.choice((0, 25))
                )
        burst.add(b"+++", 60)
        burst.add(b"\r\nAT+CIPMODE=0\r\nAT+CIPCLOSE\r\n", 100)

    def _random(self, rng: random.Random, burst: Burst) -> None:
        size = rng.choice((1, 2, 10, 100, 600))
        data = rng.randbytes(size) if rng.random() < 0.5 else bytes(rng.choices(_NOISE, k=size))
        for piece in cut(rng, data):
            burst.add(piece)

    def _half(self, rng: random.Random, burst: Burst) -> None:
        line = self.line(rng).encode("latin-1") + b"\r\n"
        at = rng.randrange(len(line))
        burst.add(line[:at])
        if rng.random() < 0.5:
            burst.add(line[at:], rng.choice((1, 25)))

    def _long(self, rng: random.Random, burst: Burst) -> None:
        size = rng.choice((250, 253, 254, 255, 256, 257, 300, 1000, 2047, 2048, 2049, 5000))
        start = rng.choice((b"", b"AT", b'AT+SYSFLASH=0,"', self.line(rng).encode("latin-1")))
        filler = bytes(rng.choices((rng.choice(b'a,\\"\0'), rng.randrange(256)), (50, 1), k=size))
        burst.add((start + filler.replace(b"\n", b"."))[:size] + rng.choice((b"\r\n", b"\r", b"")))

    def _crowd(self, rng: random.Random, burst: Burst) -> None:
        """Send many lines at once: they are to be answered in turn or called busy, not lost."""
        lines = [self.line(rng).encode("latin-1") + b"\r\n" for _ in range(rng.randint(5, 60))]
        burst.add(b"".join(lines))

    def _mixed(self, rng: random.Random, burst: Burst) -> None:
        """Damage the lines of another kind, and let its bytes come together or apart."""
        other = Burst(burst.number, "")
        kinds = [kind for kind in self._kinds if kind.__name__ != "_mixed"]
        rng.choice(kinds)(rng, other)
        for pause, what in other.chunks:
            if isinstance(what, bytes):
                data = damage(rng, what) if rng.random() < 0.3 else what
                burst.add(data, rng.choice((0, pause)))
            else:
                burst.act(pause, **what)

    # Lines

    def line(self, rng: random.Random) -> str:
        """Return a line that fits a declaration, without CR LF."""
        command = rng.choice(self._commands)
        form = rng.choice(command.forms or ("execute",))
        if rng.random() < 0.05:
            form = rng.choice(FORMS)
        start = f"AT{command.name}{SUFFIX[form]}"
        if form != "set":
            return start
        variant = rng.choice(command.variants())
        tokens = [
            boundaries.written(pinned) if pinned is not None else self.value(rng, parameter)
            for parameter, pinned in variant
        ]
        needed = sum(not parameter.optional for parameter, _ in variant)
        return start + ",".join(tokens[: rng.randint(needed, len(tokens))])

    def value(self, rng: random.Random, parameter: Parameter) -> str:
        """Return a value inside the declared limits, as written."""
        if parameter.optional and rng.random() < 0.3:
            return ""
        if parameter.kind in ("int", "link"):
            middle = rng.randint(parameter.low, parameter.high)
            small = min(parameter.high, parameter.low + rng.randint(0, 40))
            if "port" in parameter.name and self._world.ports and rng.random() < 0.5:
                return f"<{rng.choice(sorted(self._world.ports))}>"
            number = rng.choice((parameter.low, parameter.high, middle, small, small))
            return hex(number) if number >= 0 and rng.random() < 0.1 else str(number)
        if parameter.kind in ("str", "each"):
            if rng.random() < 0.6 and self._world.words:
                return f'"{rng.choice(self._world.words)}"'
            size = rng.randint(parameter.low, min(parameter.high, 100))
            return '"' + quoted(bytes(rng.choices(range(1, 256), k=size))) + '"'
        if parameter.values:
            return boundaries.written(rng.choice(parameter.values))
        return boundaries.valid(parameter)


def quoted(data: bytes) -> str:
    """Escape a string for a command line; CR, LF are replaced, they would end the line."""
    text = data.replace(b"\r", b"r").replace(b"\n", b"n").decode("latin-1")
    return re.sub(r'([\\",])', r"\\\1", text)
