"""Play a transcript against a module and compare what it says.

Owns the order of things: steps, blocks of lines in any order, variables, and the rewriting of
expected lines (accept). The bench behind it (a simulator or a real module) is reached through the
small interface World.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from tools.host import hostacts, mqttacts
from tools.host.atclient import ATMismatch, Module
from tools.host.privacy import shown
from tools.peers import escapes
from tools.transcript import grammar, report
from tools.transcript.grammar import EXPECTATIONS, Step, Transcript
from tools.transcript.matching import Matcher, Mismatch


class World(Protocol):
    """What a transcript needs of the bench besides the serial line."""

    def act(self, text: str) -> None:
        """Do what a ``!`` line says in the world around the module."""
        ...


class TranscriptFailure(AssertionError):
    """The module did not follow the transcript; the text is for people."""


@dataclass
class _Edit:
    """Replace the lines first..last (numbers, inclusive) of the file; used by accept."""

    first: int
    last: int
    lines: list[str]


class Player:
    """Play one transcript once."""

    def __init__(
        self,
        script: Transcript,
        module: Module,
        world: World,
        variables: dict[str, str],
        *,
        timeout_s: float = 10.0,
        accept: bool = False,
    ) -> None:
        self._script = script
        self._module = module
        self._world = world
        self._variables = dict(variables)
        self._accept = accept
        self._edits: list[_Edit] = []
        self._match = Matcher(
            module, exact=script.exact, timeout_s=script.timeout_s or timeout_s, may=script.may
        )

    def play(self) -> None:
        """Play all steps, then check that nothing is left over and that AT answers OK."""
        steps = self._script.steps
        index = 0
        while index < len(steps):
            group = self._group(index)
            try:
                self._step(group)
                index += len(group)
                continue
            except (Mismatch, ATMismatch) as mismatch:
                problem = str(mismatch).splitlines()[0]
            except KeyError as name:
                raise TranscriptFailure(f"{self._where(group[0])}: no variable {name}") from None
            index = self._differ(index, problem)
        self._end()

    @property
    def differences(self) -> int:
        """Return at how many places what came was taken instead of what stands there."""
        return len(self._edits)

    def rewrite(self) -> bool:
        """Write what was accepted to the file; tell whether anything changed."""
        lines = list(self._script.source)
        for edit in reversed(self._edits):
            lines[edit.first - 1 : edit.last] = edit.lines
        if self._edits:
            self._script.path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return bool(self._edits)

    def _group(self, index: int) -> list[Step]:
        """Return the step, or all lines of the any-order block that starts here."""
        steps = self._script.steps
        end = index + 1
        while steps[index].kind == "any" and end < len(steps) and steps[end].kind == "any":
            end += 1
        return steps[index:end]

    def _step(self, group: list[Step]) -> None:
        step = group[0]
        if step.kind == "send":
            self._module.send(grammar.expand(step.text, self._variables))
        elif step.kind == "raw":
            self._module.write(self._raw(step.text))
        elif step.kind == "bytes":
            self._match.bytes(self._raw(step.text))
        elif step.kind == "pieces":
            self._match.pieces(*map(self._raw, grammar.split_pieces(step.text)))
        elif step.kind == "silence":
            self._match.silence(int(step.text))
        elif step.kind == "act":
            self._act(grammar.expand(step.text, self._variables))
        else:
            self._lines(group)

    def _raw(self, text: str) -> bytes:
        return escapes.unescape(grammar.expand(text, self._variables))

    def _lines(self, group: list[Step]) -> None:
        patterns = [self._pattern(step) for step in group]
        while patterns:
            index, found = self._match.line(patterns)
            del patterns[index]
            for name, value in found.groupdict().items():
                self._variables[name] = value.decode("latin-1")

    def _pattern(self, step: Step) -> re.Pattern[bytes]:
        if step.kind == "regex":
            return re.compile(step.text.encode(), re.DOTALL)
        return grammar.pattern(step.text, self._variables)

    def _act(self, text: str) -> None:
        """Acts of the host end are done here, all others by the world."""
        self._module.log.add("!", text.encode())
        word, _, rest = text.partition(" ")
        if word == "pause":
            until = time.monotonic() + int(rest) / 1000
            while (left := until - time.monotonic()) > 0:
                self._module.pump(left)
        elif word == "host_baud":
            self._module.set_baud(int(rest))
        else:
            self._world.act(text)

    def _differ(self, index: int, problem: str) -> int:
        """Report a difference, or note it for accept and return where to go on."""
        steps = self._script.steps
        end = index
        while end < len(steps) and steps[end].kind in EXPECTATIONS:
            end += 1
        got = self._got(self._gather())
        if self._accept and steps[index].kind in EXPECTATIONS:
            self._edits.append(_Edit(steps[index].number, steps[end - 1].number, got))
            return end
        diff = report.difference(self._script, steps[index : max(end, index + 1)], got)
        raise TranscriptFailure(
            f"{self._where(steps[index])}: {problem}\n{diff}\n"
            f"Byte log (seconds, > to the module, < from it):\n{self._module.log.format()}"
        )

    def _gather(self) -> bytes:
        """Collect what the module still says, to show or to accept it."""
        try:
            return self._module.quiet(400)
        except ATMismatch:
            return self._module.take(len(self._module.buffer))

    def _got(self, data: bytes) -> list[str]:
        return report.as_expectations(data, exact=self._script.exact)

    def _end(self) -> None:
        """Prove that nothing is left over and that the module still takes commands."""
        module, last = self._module, self._script.steps[-1]
        module.pump(0.03)
        self._match.pass_over()
        left = module.take(len(module.buffer))
        if left.strip(b"\r\n") or (self._script.exact and left):
            extra = self._got(left)
            if not self._accept:
                diff = report.difference(self._script, [], extra)
                raise TranscriptFailure(
                    f"{self._script.path}: more came after the last line\n{diff}\n"
                    f"Byte log:\n{module.log.format()}"
                )
            number = len(self._script.source)
            self._edits.append(_Edit(number + 1, number, extra))
        try:
            module.send("AT")
            answer = module.read_until(b"\r\nOK\r\n")
        except ATMismatch as mismatch:
            answer, problem = b"", str(mismatch)
        else:
            problem = f"but by {shown(answer)}"
        if answer.removeprefix(b"AT\r\n") != b"\r\nOK\r\n":
            raise TranscriptFailure(
                f"{self._where(last)}: AT is not answered by OK after the end\n{problem}"
            )

    def _where(self, step: Step) -> str:
        return f"{self._script.path}:{step.number}"


# Lines that change for good what AT+RESTORE does not bring back: certificates and other
# manufacturing data (but for the scratch namespaces of transcripts), user partitions, files.
_OVERWRITES = re.compile(
    r'AT\+(SYSMFG=[02](?!,"(test|notes)")|SYSFLASH=[01],|FS=0,[01],|SSLCRET=)'
)
# Lines that put another firmware into a slot.
_UPDATES = re.compile(r"AT\+(USEROTA|CIUPDATE|SYSROLLBACK)(=(?!\?)|$)")


def missing_needs(script: Transcript, offers: Iterable[str]) -> list[str]:
    """Return what the transcript needs and the bench does not offer, for a SKIP."""
    needs = set(script.needs)
    acts = {step.text.split(" ")[0] for step in script.steps if step.kind == "act"}
    if acts & hostacts.WORDS:
        needs.add("host")
    if acts & mqttacts.WORDS:
        needs.add("broker")
    if acts - hostacts.WORDS - mqttacts.WORDS - {"pause", "host_baud"}:
        needs.add("sim")
    sent = [step.text for step in script.steps if step.kind == "send"]
    if any(_OVERWRITES.match(text) for text in sent):
        needs.add("data")
    if any(_UPDATES.match(text) for text in sent):
        needs.add("sim")
    return sorted(needs - set(offers))
