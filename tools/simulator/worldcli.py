"""tools/world: do an act of the control socket by its name: `tools/world ap_down espressif`.

Parameters that must be given stand in their order; every one can be written NAME=VALUE.
"""

from __future__ import annotations

import argparse
import json
import shlex
import socket
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.simulator.acts import ACTS, usage
from tools.simulator.options import ROOT

_LIMIT_S = 20.0
# Where the simulators that people start keep theirs: make sim or tools/atsim, and make run.
_SOCKETS = (ROOT / "build/control.sock", ROOT / "build/run/control.sock")


class WorldError(Exception):
    """An act cannot be done; the text says why."""


def split(text: str) -> list[str]:
    """Split a line into words as a shell does."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise WorldError(f"{text}: {error}") from None


def command_of(words: list[str]) -> dict[str, Any]:
    """Return the control command that words mean; WorldError if they mean none."""
    if not words:
        raise WorldError(f"which act? There are {', '.join(ACTS)}")
    name, *rest = words
    if name not in ACTS:
        raise WorldError(f"there is no act {name!r}; there are {', '.join(ACTS)}")
    parameters = {each: kind for each, kind, _ in ACTS[name][1]}
    waiting = [each for each, kind in parameters.items() if not kind.endswith("?")]
    command: dict[str, Any] = {"do": name}
    for word in rest:
        key, equals, value = word.partition("=")
        if not (equals and (key in parameters or (name == "device" and key.isdigit()))):
            if not waiting:
                raise WorldError(f"{word!r} is too much: {usage(name)}")
            key, value = waiting[0], word
        command[key] = _value(key, parameters.get(key, "int"), value)
        waiting = [each for each in waiting if each != key]
    if waiting:
        raise WorldError(f"{waiting[0]} is missing: {usage(name)}")
    return command


def _value(name: str, kind: str, text: str) -> Any:
    kind = kind.rstrip("?")
    try:
        if kind == "int":
            return int(text, 0)
        if kind == "bool":
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        if kind == "list":
            return text.split(",")
        if kind == "json":
            is_json = text == "null" or text[:1] in '["' or text.isdigit()
            return json.loads(text) if is_json else text
    except (ValueError, KeyError):
        raise WorldError(f"{name}: {text!r} is no {kind}") from None
    return text


def ask(control: Path, command: dict[str, Any]) -> dict[str, Any]:
    """Have one command carried out; return the answer's fields without `ok`."""
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(_LIMIT_S)
            sock.connect(str(control))
            sock.sendall(json.dumps(command).encode() + b"\n")
            with sock.makefile("rb") as answers:
                answer = json.loads(answers.readline() or b"{}")
    except (OSError, ValueError) as error:
        raise WorldError(f"no simulated module answers at {control}: {error}") from error
    if not answer.pop("ok", False):
        raise WorldError(answer.get("error", "the simulator has ended"))
    return answer


def do(control: Path, words: list[str]) -> str:
    """Do the act that words name; return what it answers, for people."""
    answer = ask(control, command_of(words))
    return json.dumps(answer, indent=2) if answer else "done"


def _help(console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("act", no_wrap=True)
    table.add_column("does")
    table.add_column("parameters")
    for name, (text, parameters) in ACTS.items():
        told = "\n".join(
            f"{each}{' (may be left out)' * kind.endswith('?')}: {meaning}"
            for each, kind, meaning in parameters
        )
        table.add_row(name, text, told)
    console.print(table)


def main(arguments: list[str] | None = None) -> int:
    """Do one act; 1 if it cannot be done."""
    parser = argparse.ArgumentParser(
        prog="tools/world", description="Change the world of a simulated module.", add_help=False
    )
    parser.add_argument("-h", "--help", action="store_true", help="show this and every act")
    parser.add_argument("--control", type=Path, help="its socket (default: the one that runs)")
    parser.add_argument("act", nargs=argparse.REMAINDER, help="an act and its parameters")
    given = parser.parse_args(arguments)
    if given.help or not given.act:
        parser.print_help()
        print()
        _help(Console())
        return 0 if given.help else 2
    try:
        print(do(given.control or _running(), given.act))
    except WorldError as error:
        print(f"world: {error}", file=sys.stderr)
        return 1
    return 0


def _running() -> Path:
    found = [each for each in _SOCKETS if each.is_socket()]
    if not found:
        raise WorldError("no simulated module runs; start one with `make sim` or `make run`")
    if len(found) > 1:
        listed = " or ".join(str(each) for each in found)
        raise WorldError(f"two simulated modules run: say --control {listed}")
    return found[0]
