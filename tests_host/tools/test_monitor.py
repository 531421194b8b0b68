"""`make monitor` as a person has it, with a MicroPython at the other end of the line."""

import contextlib
import os
import pty
import select
import threading
import tty

import pytest

import firmware
from tests_host.tools.person import Person


class Line:
    """A serial line whose far end is a MicroPython with its prompt; `port` is the near one."""

    def __init__(self, program):
        self._near, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        child, self._far = pty.fork()  # the terminal of MicroPython, which Ctrl-C interrupts
        if not child:
            os.execv(program, [str(program), "-i", "-c", "print('awake')"])
        self._child = child
        self._is_over = False
        self._pump = threading.Thread(target=self._pass_on, daemon=True)
        self._pump.start()

    def _pass_on(self):
        other = {self._near: self._far, self._far: self._near}
        while not self._is_over:
            for end in select.select(list(other), [], [], 0.1)[0]:
                with contextlib.suppress(OSError):
                    os.write(other[end], os.read(end, 4096))

    def close(self):
        self._is_over = True
        self._pump.join()
        os.kill(self._child, 9)
        os.waitpid(self._child, 0)
        for end in (self._near, self._slave, self._far):
            os.close(end)


@pytest.fixture
def watcher(tmp_path):
    """Return a person who watches a module's log port."""
    line = Line(firmware.build(64))
    person = Person(tmp_path, "-m", "tools.image.monitor", line.port)
    try:
        person.sees("Ctrl-] quits", 2)  # in the greeting, and beneath the line
        yield person
    finally:
        person.close()
        line.close()


def test_ctrl_bracket_quits(watcher):
    watcher.type("\x1d")
    assert watcher.leaves() == 0


def test_what_is_typed_reaches_micropython(watcher):
    watcher.type("print(6 * 7)\r")
    watcher.sees("42")


def test_pasted_lines_wait_for_nothing(tmp_path):
    """There are no results on a log port: lines go out as they come."""
    far, near = pty.openpty()
    tty.setraw(near)
    person = Person(tmp_path, "-m", "tools.image.monitor", os.ttyname(near))
    came = b""
    try:
        person.sees("Ctrl-] quits", 2)
        person.type("\x1b[200~one\rtwo\rthree\x1b[201~\r")  # as terminals paste
        while came != b"one\rtwo\rthree\r":
            assert select.select([far], [], [], 200)[0], came
            came += os.read(far, 100)
    finally:
        person.close()
        os.close(far)
        os.close(near)


def test_ctrl_c_reaches_micropython_and_not_the_monitor(watcher):
    watcher.type("print(6 * 7); exec('while 1: pass')\r")
    watcher.sees("42")
    watcher.type("\x03")
    watcher.sees("KeyboardInterrupt:")
    watcher.sees(" >>>")  # what is typed before is lost: MicroPython sets its terminal up
    watcher.type("print(6 * 6)\r")
    watcher.sees("36")
    watcher.type("\x1d")
    assert watcher.leaves() == 0
