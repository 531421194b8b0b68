"""Examples of commands for the reference: exchanges of the transcripts, as one would type them.

Owns the choice of the exchange, and what stands in it for what the test bench fills in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.catalogue import declarations
from tools.catalogue.declarations import Command
from tools.host.atclient import GOOD
from tools.host.privacy import shown
from tools.peers import escapes
from tools.transcript import grammar
from tools.transcript.grammar import EXPECTATIONS, Step, Transcript
from tools.transcript.seen import form_of

SCENARIOS = declarations.ROOT / "tests_device" / "scenarios"
_LINES = 16
_PREFERRED = ("set", "execute", "query")
_GOOD_ENDS = {*(f"< {result}" for result in GOOD), "< ready", "< +MQTTPUB:OK", "< WIFI GOT IP"}
_SHORT = 6  # lines that are shown of an answer with one for each command
# What a network of one's own may look like, for the variables of the transcripts.
_PLACES = {
    "host": "192.168.1.10",
    "ip": "192.168.1.23",
    "ssid": "home",
    "password": "correct horse",
    "echo": "7",
    "udp_echo": "7",
    "puppet": "8080",
    "web": "80",
    "update": "80",
    "mqtt": "1883",
    "mqtts": "8883",
    "ws": "80",
}
# What a module may say where a transcript takes anything that looks right.
SAMPLES = (
    "AT version:3.4.0.0(1.0.0 - ESP32S2 - Nov 21 2026 10:11:12)",
    "SDK version:v5.4.2",
    "compile time(1.0.0):Nov 21 2026 10:11:12",
    "Bin version:1.0.0(MINI-1)",
    "+CIPSNTPTIME:Sat Nov 21 10:11:12 2026",
    "+PING:7",
    '+USERDOCS:"https://docs.espressif.com/projects/esp-at/en/latest/esp32s2/index.html"',
    '+USERDOCS:"https://docs.espressif.com/projects/esp-at/zh_CN/latest/esp32s2/index.html"',
)

# Escapes, and data of a peer that came with the prompt.
_ODD = re.compile(r"\\[rnx\\\"]|^< >.")


def scripts() -> list[Transcript]:
    """Return the transcripts that examples are taken from."""
    paths = sorted(SCENARIOS.rglob("*.at"))
    return [grammar.load(path, str(path.relative_to(SCENARIOS))) for path in paths]


def example(command: Command, transcripts: list[Transcript]) -> list[str]:
    """Return the best exchange, lines behind `> ` and `< `: it ends well, preferably a set form.

    Files about other commands, or about errors, come last. What cannot be shown as it is typed
    (bytes that are no text, answers that are not settled) is no example.
    """
    if command.name == "+CMD":
        return _shortened(listing(declarations.all_commands()))
    found: dict[tuple[bool, int, bool, int], list[str]] = {}
    for script in transcripts:
        aside = "error" in script.name or not script.name.startswith(command.group.split("_")[0])
        for index, step in enumerate(script.steps):
            name, form = form_of(step.text) or ("", "test") if step.kind == "send" else ("-", "")
            if name != command.name or form == "test":
                continue
            lines = _exchange(script, index)
            if lines and 1 < len(lines) <= _LINES and lines[-1] in _GOOD_ENDS:
                is_odd = any(_ODD.search(line) for line in lines)
                rank = (is_odd, _PREFERRED.index(form), aside, -_fields(lines))
                found.setdefault(rank, lines)
    return found[min(found)] if found else []


def listing(commands: list[Command]) -> list[str]:
    """Return what AT+CMD? answers, a line for each command; earlier names are not in it."""
    listed = [command for command in commands if not command.old]
    rows = []
    for index, each in enumerate(listed):
        flags = ",".join(str(int(form in each.forms)) for form in declarations.FORMS)
        rows.append(f'+CMD:{index},"AT{each.name}",{flags}')
    return rows


def _shortened(lines: list[str]) -> list[str]:
    shown = [*lines[:_SHORT], "...", lines[-1], "OK"]
    return ["> AT+CMD?", *(f"< {line}" for line in shown)]


def _fields(lines: list[str]) -> int:
    """Count the fields of an answer in brackets, which may have been told to show few."""
    return max(line.count(",") for line in lines) if any(":(" in line for line in lines) else 0


def _exchange(script: Transcript, index: int) -> list[str]:
    """Return the command at a step with its answer; [] if a line of it cannot be shown."""
    lines: list[str] = []
    for step in _steps(script, index):
        told = list(_shown(step))
        if any(line is None for line in told):
            return []
        lines += [str(line) for line in told]
    return lines


def _steps(script: Transcript, index: int) -> Iterator[Step]:
    yield script.steps[index]
    for step in script.steps[index + 1 :]:
        if step.kind == "act" and step.text.startswith("pause "):
            continue
        if step.kind not in EXPECTATIONS and step.kind != "raw":
            return
        yield step


def _shown(step: Step) -> Iterator[str | None]:
    """Yield the lines of a step; None for one that is not to be shown."""
    if step.kind == "regex":
        pattern = re.compile(filled(step.text) or "$.")
        sample = next((each for each in SAMPLES if pattern.fullmatch(each)), None)
        yield None if sample is None else f"< {sample}"
    elif step.kind == "pieces":
        yield None
    elif step.kind == "bytes":
        text = filled(step.text)
        parts = escapes.unescape(text).split(b"\r\n") if text else ()
        yield from (f"< {shown(part)}" for part in parts if part)
    elif step.text:
        text = filled(step.text)
        if text and step.kind == "raw":
            plain = escapes.unescape(text).decode(errors="replace")
            text = plain if plain.isprintable() else text
        mark = ">" if step.kind in ("send", "raw") else "<"
        yield f"{mark} {text}" if text else None


def filled(text: str) -> str | None:
    """Put in what the test bench would; None if it is something nobody would type."""
    text = placed(text)
    return None if re.search(r"\{[a-z_]", text) else text


def placed(text: str) -> str:
    """Put places of a network of one's own in for the bench's."""
    for name, value in _PLACES.items():
        text = text.replace("{" + name + "}", value)
    return text
