"""The simulated chip's Python is the chip's: what a PC has and the chip has not is not there."""

import pytest

from tools.host.simprocess import Simulator

HAS = """
import at.command

HAS = at.command.command("+HAS", "Say whether a module can be imported", (("str", "name", 1, 32),))


@HAS.set
def has_set(at, name):
    try:
        __import__(str(name, "utf-8"))
    except ImportError:
        at.line("no")
    else:
        at.line("yes")
"""
ON_THE_CHIP = (
    *("asyncio", "binascii", "cryptolib", "deflate", "errno", "esp32", "gc"),
    *("hashlib", "heapq", "json", "machine", "micropython", "network", "os", "platform"),
    *("random", "re", "select", "socket", "ssl", "struct", "sys", "time", "vfs"),
    *("umqtt.simple", "atlink", "atchip"),
)
LEFT_OUT = ("_thread", "framebuf", "uctypes", "websocket")  # of what the chip could have
ON_A_PC = ("ffi", "termios", "jni", "btree", "subprocess")


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    with Simulator(tmp_path_factory.mktemp("python")) as simulator:
        simulator.put_user_file("has.py", HAS)
        simulator.start()
        with simulator.module() as module:
            module.quiet(50)
            module.echo_off()
            yield module


@pytest.mark.parametrize("name", ON_THE_CHIP)
def test_what_the_chip_has_is_there(module, name):
    assert module.ok(f'AT+HAS="{name}"') == ["yes"]


@pytest.mark.parametrize("name", ON_A_PC + LEFT_OUT)
def test_what_only_a_pc_has_is_not(module, name):
    assert module.ok(f'AT+HAS="{name}"') == ["no"]
