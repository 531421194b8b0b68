"""No key is lost while lines are printed above the one that is typed."""

import os
import pty
import select
import threading
import tty

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.output import DummyOutput

from tests_host.tools.person import Person
from tools.term.keyboard import Keyboard


class Talker:
    """The far end of a line, which never stops talking, and what it hears."""

    def __init__(self, end):
        self._end = end
        self._heard = b""
        self._is_over = threading.Event()
        self._news = threading.Condition()
        self._threads = [threading.Thread(target=each) for each in (self._talk, self._listen)]
        for each in self._threads:
            each.start()

    def _talk(self):
        while not self._is_over.wait(0.01):
            if select.select([], [self._end], [], 0.1)[1]:
                os.write(self._end, b"line\r\n")

    def _listen(self):
        while not self._is_over.is_set():
            if select.select([self._end], [], [], 0.1)[0]:
                with self._news:
                    self._heard += os.read(self._end, 1000)
                    self._news.notify_all()

    def hears(self, wanted):
        """Wait for exactly these bytes."""
        with self._news:
            self._news.wait_for(lambda: len(self._heard) >= len(wanted), 200)
            assert self._heard == wanted
            self._heard = b""

    def close(self):
        """Fall silent."""
        self._is_over.set()
        for each in self._threads:
            each.join()


@pytest.fixture
def ends():
    """Return the two ends of a line that changes no byte."""
    far, near = pty.openpty()
    tty.setraw(near)
    yield far, near
    os.close(far)
    os.close(near)


@pytest.fixture
def talker(ends):
    """Return somebody who talks at the far end."""
    someone = Talker(ends[0])
    yield someone
    someone.close()


@pytest.fixture
def watcher(talker, ends, tmp_path):
    """Return a person who watches the line of somebody who talks."""
    assert talker
    person = Person(tmp_path, "-m", "tools.image.monitor", os.ttyname(ends[1]))
    try:
        person.sees("Ctrl-] quits")
        person.sees("line")
        yield person
    finally:
        person.close()


def test_every_key_arrives_while_the_other_end_talks(talker, watcher):
    for _ in range(10):
        watcher.type("ab\x7fc\r")
        talker.hears(b"ac\r")
        watcher.type("\x03")
        talker.hears(b"\x03")
        watcher.type("\x04")
        talker.hears(b"\x04")
    watcher.type("\x1d")
    assert watcher.leaves() == 0


def test_where_the_cursor_stands_is_not_taken_for_a_key(talker, watcher):
    """The program asks after each line it has printed; the answer comes between two keys."""
    watcher.type("bc\x18")  # Ctrl-X twice: to the start of the line
    asked = watcher.screen.asked
    watcher.waits(lambda _: watcher.screen.asked > asked)
    watcher.type("\x18a\r")
    talker.hears(b"abc\r")


def test_keys_that_come_while_something_is_printed_are_keys(ends):
    """Ctrl-C is no signal then, and Backspace is not the kernel's."""
    far, near = ends
    keys = KeyBindings()
    seen = []
    keys.add("c-c")(lambda event: seen.append(event.current_buffer.text))
    with open(near, closefd=False) as file:
        session = PromptSession(input=Keyboard(file), output=DummyOutput(), key_bindings=keys)

        def print_something():
            os.write(far, b"ab\x7f\x03")

        def begin():
            session.app.create_background_task(printing())

        async def printing():
            await run_in_terminal(print_something)
            os.write(far, b"d\r")

        assert session.prompt("", pre_run=begin) == "ad"
    assert seen == ["a"]
