"""The terminal as a person has it: line editing, history, completion, messages above the line.

Backspace and arrows edit the line here and never reach the module. While the module takes data
(after its `>`), exactly what is typed is sent, without a line end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout

from tools.term import colon, meaning
from tools.term.dialogue import FINAL, Event
from tools.term.keyboard import Keyboard
from tools.term.link import Link, TerminalError

_RESULT_S = 180.0
_PROMPT_S = 0.03


class Words(Completer):
    """Completes names of commands, their values, and what begins with a colon."""

    def __init__(self) -> None:
        self._files = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        """Yield what may stand in place of the last word."""
        line = document.text_before_cursor
        if line.startswith(":"):
            yield from self._colon(line, event)
        elif "=" in line:
            yield from _values(line)
        else:
            for name, command in meaning.commands().items():
                if name.startswith(line.upper()):
                    form = "=" if "set" in command.forms else "?" * ("query" in command.forms)
                    yield Completion(
                        name + form, -len(line), display=name, display_meta=command.summary
                    )

    def _colon(self, line: str, event: CompleteEvent) -> Iterable[Completion]:
        name, space, rest = line[1:].partition(" ")
        if not space:
            words: Iterable[str] = (each for each in colon.COMMANDS if each.startswith(name))
            yield from (Completion(each, -len(name)) for each in words)
        elif name == "help":
            words = (each for each in meaning.commands() if each.startswith(rest.upper()))
            yield from (Completion(each, -len(rest)) for each in words)
        elif name in ("send", "log") and " " not in rest:
            yield from self._files.get_completions(Document(rest, len(rest)), event)
        elif name == "world" and " " not in rest:
            from tools.simulator.acts import ACTS

            yield from (Completion(each, -len(rest)) for each in ACTS if each.startswith(rest))


def _values(line: str) -> Iterator[Completion]:
    parameter = meaning.parameter_at(line)
    begun = line.rpartition("=" if "," not in line else ",")[2]
    for text, word in meaning.values_of(parameter) if parameter else ():
        if text.startswith(begun):
            yield Completion(text, -len(begun), display_meta=word)


class Screen:
    """One session on a terminal; `run` returns when the user leaves or the port is gone."""

    def __init__(
        self,
        link: Link,
        history: Path,
        *,
        passes_controls: bool = False,
        ask: Callable[[str], str] = lambda _: "",
    ) -> None:
        self._link = link
        self._ask = ask  # returns why a line was refused, if somebody knows
        link.told = self._told
        self._keyboard = Keyboard(sys.stdin)
        self._prompt: PromptSession[str] = PromptSession(
            input=self._keyboard,
            history=FileHistory(str(history)),
            completer=Words(),
            complete_while_typing=False,
            auto_suggest=AutoSuggestFromHistory(),
            key_bindings=_keys(link, passes_controls),
            bottom_toolbar=self._toolbar,
            refresh_interval=0.5,
        )

    def run(self) -> None:
        """Pass lines on until there are no more."""
        with patch_stdout(raw=True):
            while not self._link.is_over:
                try:
                    before = self._keyboard.reads
                    text = self._prompt.prompt(self._message)
                    is_typed = self._keyboard.reads > before + 1
                    self._entered(text, is_pasted="\n" in text or not is_typed)
                except KeyboardInterrupt:  # the line is dropped
                    self._link.dialogue.gave_up()
                except EOFError:
                    return

    def _message(self) -> str:
        dialogue = self._link.dialogue
        if not dialogue.in_data:
            return "> "
        return "data> " if dialogue.wanted is None else f"data, {dialogue.wanted} more> "

    def _toolbar(self) -> str:
        line = self._prompt.default_buffer.text
        if self._link.dialogue.in_data:
            return " exact bytes, no line end; :raw \\r\\n sends one, :raw +++ leaves passthrough "
        hint = meaning.hint(line) if "=" in line or "?" in line else ""
        return f" {hint or ':help  Tab completes  Ctrl-] quits'} "

    def _entered(self, text: str, is_pasted: bool) -> None:
        try:
            for line in text.removesuffix("\n").split("\n"):
                self._line_of(line, is_pasted)
        except KeyboardInterrupt:  # nobody waits any more, and what was pasted after it is dropped
            clear_typeahead(self._keyboard)
            self._link.dialogue.gave_up()  # nor does the next line wait for it

    def _line_of(self, line: str, is_pasted: bool) -> None:
        """Do one of the lines that were entered."""
        try:
            if is_pasted and self._is_command(line) and self._link.dialogue.is_running:
                self._await_result()  # of a line before that did not look pasted
            self._line(line)
            if is_pasted and self._is_command(line):
                self._await_result()
        except TerminalError as error:
            self._link.view.note(f"terminal: {error}", "red")

    def _is_command(self, line: str) -> bool:
        """Tell whether a line has a result to wait for."""
        is_data = line.startswith(":") or self._link.dialogue.in_data
        return self._link.has_results and not is_data and bool(line.strip())

    def _line(self, line: str) -> None:
        if line.startswith(":") and not line.startswith("::"):
            colon.run(self._link, line)
            return
        line = line.removeprefix(":") if line.startswith("::") else line
        if self._link.dialogue.in_data:
            self._link.send_data(line.encode("utf-8", "surrogateescape"))
        else:
            self._link.forget()
            self._link.send_line(line)

    def _await_result(self) -> None:
        """Let a pasted line have its result before the next one goes."""
        result = self._link.wait(lambda event: event.text in FINAL, _RESULT_S)
        if result and result.text == "OK":
            self._link.wait(lambda event: event.text == ">", _PROMPT_S)

    def _told(self, event: Event) -> None:
        """Say beneath an ERROR why it came, unless the module has said it."""
        if event.text == "ERROR" and not event.is_explained and event.line:
            why = meaning.reason(event.line) or self._ask(event.line)
            told = f"({why or 'not possible now; AT+SYSLOG=2 lets the module say why'})"
            self._link.view.note(told, "dim")
        self._prompt.app.invalidate()


def _keys(link: Link, passes_controls: bool) -> KeyBindings:
    keys = KeyBindings()

    @keys.add("c-]", eager=True)  # else it waits a second for a letter, see Keyboard
    def _quit(event: KeyPressEvent) -> None:
        event.app.exit(exception=EOFError())

    def passed(key: str, data: bytes) -> None:
        @keys.add(key)
        def _pass(_: KeyPressEvent) -> None:
            link.send_data(data)

    if passes_controls:  # the other end is MicroPython, which knows these keys
        passed("c-c", b"\x03")
        passed("c-d", b"\x04")
    return keys
