"""Commands that a user adds to a finished module: files in user/, imported at boot."""

import re

import pytest

from tools.host.simprocess import Simulator

HELLO = """
from at.command import command
from at.errors import StateError

HELLO = command("+HELLO", "Greet somebody", (("str", "name", 1, 32), ("int", "times", 1, 9, 1)))


@HELLO.set
def hello_set(at, name, times):
    if name == b"nobody":
        raise StateError("nobody is not there")
    for _ in range(times):
        at.line("hello " + name.decode())


@HELLO.query
async def hello_query(at):
    data = await at.prompt(3)
    at.reply(str(data, "utf-8"), 3)
"""


@pytest.fixture
def simulator(tmp_path):
    simulator = Simulator(tmp_path)
    yield simulator
    simulator.stop()


RESULT = re.compile(rb"\r\n(OK|ERROR)\r\n")


def said(module, line):
    module.send(line)
    return module.read_until(RESULT).decode()


def test_a_users_command_is_like_any_other(simulator):
    simulator.put_user_file("hello.py", HELLO)
    simulator.start()
    with simulator.module() as module:
        module.echo_off()
        assert said(module, 'AT+HELLO="world",2') == "hello world\r\nhello world\r\n\r\nOK\r\n"
        assert said(module, "AT+HELLO=?") == '+HELLO:"name"(32),(1-9)\r\n\r\nOK\r\n'
        assert said(module, 'AT+HELLO="nobody"') == "\r\nERROR\r\n"
        assert said(module, 'AT+HELLO="x",10') == "\r\nERROR\r\n"
        assert '"AT+HELLO",1,1,1,0\r\n\r\nOK' in said(module, "AT+CMD?")
        module.send("AT+HELLO?")
        module.read_until(b">")
        module.write(b"abc")
        assert module.read_until(b"OK\r\n").endswith(b'+HELLO:"abc",3\r\n\r\nOK\r\n')


UNSPEAKABLE = """
from at.command import command


class Unspeakable(Exception):
    def __repr__(self):
        raise ValueError("no words")

    __str__ = __repr__


BAD = command("+BAD", "Fail in a way that cannot be told", ())


@BAD.query
def bad_query(at):
    raise Unspeakable


@BAD.execute
async def bad_execute(at):
    raise Unspeakable
"""


@pytest.mark.parametrize("line", ["AT+BAD?", "AT+BAD"])
def test_an_error_that_cannot_be_told_leaves_the_port_alive(simulator, line):
    simulator.put_user_file("bad.py", UNSPEAKABLE)
    simulator.start()
    with simulator.module() as module:
        module.echo_off()
        assert said(module, "AT+SYSLOG=2").endswith("\r\nOK\r\n")
        assert said(module, line).endswith("\r\nERROR\r\n")
        assert said(module, "AT") == "\r\nOK\r\n"


def test_a_broken_file_is_reported_and_skipped(simulator):
    simulator.put_user_file("a_syntax.py", "def broken(:\n")
    simulator.put_user_file("b_raises.py", "raise RuntimeError('not today')\n")
    simulator.put_user_file("c_twice.py", "from at.command import command\ncommand('+GMR', '')\n")
    simulator.put_user_file("d_good.py", HELLO)
    simulator.start()
    with simulator.module() as module:
        module.echo_off()
        assert said(module, 'AT+HELLO="world"') == "hello world\r\n\r\nOK\r\n"
    log = simulator.log_text()
    assert "skipped a_syntax.py" in log
    assert "skipped b_raises.py" in log
    assert "not today" in log
    assert "AT+GMR is declared twice" in log
    assert "loaded d_good.py" in log


def test_the_file_system_survives_a_restart_without_the_folder(simulator, tmp_path):
    simulator.put_user_file("hello.py", HELLO)
    simulator.start()
    simulator.stop()
    again = Simulator(tmp_path).start()
    try:
        with again.module() as module:
            module.echo_off()
            assert said(module, 'AT+HELLO="you"') == "hello you\r\n\r\nOK\r\n"
    finally:
        again.stop()


HEIRS = """
from at.command import command
from at.services.mqtt_client import Client


class Mine(Client):
    pass


made = type("Made", (Client,), {"mark": 5})
HEIRS = command("+HEIRS", "What their classes are", ())


@HEIRS.query
def heirs_query(at):
    at.reply(int(issubclass(Mine, Client)), int(issubclass(made, Client)), made.mark)
"""


@pytest.mark.parametrize("bits", [64, 32])
def test_a_users_file_inherits_from_the_firmware_but_cannot_change_it(tmp_path, bits):
    simulator = Simulator(tmp_path, bits=bits)
    simulator.put_user_file("a_heirs.py", HEIRS)
    changes = {"class": "mqtt_client.Client.fail", "module": "mqtt_client.Client"}
    for what, name in changes.items():
        text = f"from at.services import mqtt_client\n{name} = 1\n"
        simulator.put_user_file(f"b_{what}.py", text)
    try:
        simulator.start()
        with simulator.module() as module:
            module.echo_off()
            assert said(module, "AT+HEIRS?") == "+HEIRS:1,1,5\r\n\r\nOK\r\n"
            assert said(module, "AT") == "\r\nOK\r\n"
        log = simulator.log_text()
        for what, name in changes.items():
            assert f"skipped b_{what}.py" in log
            attribute = name.rpartition(".")[2]
            assert f"AttributeError: '{attribute}' is an attribute of a constant" in log
        assert "crash" not in log
    finally:
        simulator.stop()
