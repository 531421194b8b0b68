"""The keyboard of a terminal above whose line things are printed: no key is lost to the printing.

Each time something is printed above the line, prompt_toolkit asks the terminal where the cursor
is, and takes the answer for a key: the second of two that are a command together, if the first
stands there already (Ctrl-] and a letter, Ctrl-Q and any key). And it gives the terminal back its
cooked mode for as long as it prints, in which Ctrl-C is a signal, Backspace and Ctrl-D are not
passed on, and keys are echoed. Neither happens here.
"""

from __future__ import annotations

import contextlib
from typing import TextIO

from prompt_toolkit.application import get_app
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys


class Keyboard(Vt100Input):
    """What a person types, from a terminal in raw mode.

    `reads` counts how often keys have come: a person's come one by one, what is pasted at once.
    """

    def __init__(self, stdin: TextIO) -> None:
        super().__init__(stdin)
        self.reads = 0

    def read_keys(self) -> list[KeyPress]:
        """Return the keys that have come; where the cursor is, is told the renderer at once."""
        keys = []
        for each in super().read_keys():
            if each.key == Keys.CPRResponse:  # "\x1b[ROW;COLUMNR"
                app = get_app()
                app.renderer.report_absolute_cursor_row(int(each.data[2:].partition(";")[0]))
                app.invalidate()
            else:
                keys.append(each)
        self.reads += bool(keys)
        return keys

    def cooked_mode(self) -> contextlib.AbstractContextManager[None]:
        """Stay in raw mode: what is printed asks nobody for a line."""
        return contextlib.nullcontext()
