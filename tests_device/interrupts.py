"""A run that is ended by Ctrl-C is summed up, wherever it stood."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


class Interrupts:
    """Plugin of a run; `config` is the run's.

    CPython 3.11 knows no line of some instructions, and pytest 9.2 counts with it when it says
    where Ctrl-C came: TypeError, and a traceback in place of the summary.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True)
    def pytest_keyboard_interrupt(self) -> Iterator[None]:
        """Have the terminal say that it came here, if it cannot say where."""
        try:
            return (yield)
        except TypeError:
            reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            error.__context__ = None  # that it knows no line of
            reporter.pytest_keyboard_interrupt(pytest.ExceptionInfo.from_current())
