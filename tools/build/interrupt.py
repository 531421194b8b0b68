"""Ctrl-C ends a tool with a sentence; where it stood is of no interest to who pressed it."""

import sys
from types import TracebackType


def quietly() -> None:
    """From now on let Ctrl-C end this process with a line, and other errors as ever."""
    sys.excepthook = _said


def _said(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if _was_pressed(error):
        print("\nended by Ctrl-C", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def _was_pressed(error: BaseException | None) -> bool:
    """Tell whether it began with Ctrl-C: children that end by it as well may cause errors."""
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None
