"""What a real module has in flash that AT+RESTORE does not touch: put back as it was.

Owns the values of manufacturing namespaces that a transcript changes, and an empty file system
around transcripts that write files. A module that fell silent keeps what the transcript did.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.host import privacy
from tools.host.atclient import Module
from tools.host.bytelog import ByteLog
from tools.transcript.grammar import Transcript

_NAMESPACE = re.compile(r'AT\+SYSMFG=[02],"(\w+)"')
_FILES = re.compile(r"AT\+FS=0,[01],")
_KEY = re.compile(r'\+SYSMFG:"(\w+)","([\w.]+)",(\d+)')
_HEAD = re.compile(rb'\+SYSMFG:"\w+","[\w.]+",(\d+),(\d+),')
_STRING, _BINARY = 7, 8
_SCRATCH = frozenset(("test", "notes"))  # of transcripts alone


@dataclass(frozen=True)
class Value:
    """One pair of a namespace; data is what AT+SYSMFG prints and takes."""

    key: str
    kind: int
    data: bytes


class Keeper:
    """Keeps what one transcript may change; echo has to be off."""

    def __init__(self, module: Module, script: Transcript) -> None:
        """Remember what the transcript is about to change."""
        lines = [step.text for step in script.steps if step.kind == "send"]
        named = {found[1] for found in map(_NAMESPACE.match, lines) if found}
        self._module = module
        self._writes_files = any(_FILES.match(line) for line in lines)
        self._kept = {name: self._read(name) for name in sorted(named - _SCRATCH)}
        self._clear_files()

    def put_back(self) -> None:
        """Undo what the transcript did; ATMismatch if the module does not answer."""
        if not self._kept and not self._writes_files:
            return
        told, self._module.log = self._module.log, ByteLog()  # keys are not for a report
        try:
            self._undo()
        finally:
            self._module.log = told

    def _undo(self) -> None:
        self._module.resync()
        self._module.echo_off()
        self._clear_files()
        for name, values in self._kept.items():
            if self._read(name) != values:
                self._module.command(f'AT+SYSMFG=0,"{name}"')
                for value in values:
                    self._write(name, value)

    def _clear_files(self) -> None:
        if self._writes_files:
            for line in self._module.ok('AT+FS=0,4,"."'):
                name = line.encode("latin-1").decode().removeprefix("+FS:")
                self._module.command(f'AT+FS=0,0,"{privacy.escaped(name)}"')

    def _read(self, name: str) -> list[Value]:
        reply = self._module.command(f'AT+SYSMFG=1,"{name}"')
        found = [key for key in map(_KEY.match, reply.lines if reply.ok else ()) if key]
        return [Value(key[2], int(key[3]), self._data(name, key[2])) for key in found]

    def _data(self, name: str, key: str) -> bytes:
        self._module.send(f'AT+SYSMFG=1,"{name}","{key}"')
        head = _HEAD.search(self._module.read_until(_HEAD))
        assert head is not None
        data = self._module.read_exactly(int(head[2]))
        self._module.finish()
        return data

    def _write(self, name: str, value: Value) -> None:
        start = f'AT+SYSMFG=2,"{name}","{value.key}",{value.kind},'
        if value.kind not in (_STRING, _BINARY):
            self._module.ok(start + value.data.decode())
        elif not value.data:
            self._module.ok(start + "0")
        else:
            self._module.prompt(f"{start}{len(value.data)}")
            self._module.write(value.data)
            self._module.finish()
