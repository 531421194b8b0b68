"""Passthrough has all its memory before `>`: what follows that is no command any more."""

import re
import time

import pytest

from tests_host.simulator.waiting import wait_for
from tools.host.simprocess import Simulator
from tools.peers import servers

PROMPT = re.compile(rb"\r\n>|ERROR\r\n")
ENDED = "link 0 ended: "


@pytest.mark.parametrize(
    ("opening", "command"),
    [
        (("AT+CIPMODE=1", 'AT+CIPSTART="TCP","127.0.0.1",{port}'), "AT+CIPSEND"),
        (("AT+SOCKET=4,127.0.0.1,{port}",), "AT+SOCKETTT"),
    ],
)
def test_a_prompt_is_not_followed_by_an_error(tmp_path, opening, command):
    simulator = Simulator(tmp_path, bits=32)
    with servers.Server(servers.echo) as echo, simulator.start(), simulator.module() as module:
        module.echo_off()
        for line in ("AT+CWMODE=1", 'AT+CWJAP="espressif","1234567890"', *opening):
            module.ok(line.format(port=echo.port))
        prompts = refusals = 0
        for skip in range(200):
            fault = {"call": "heap.python", "error": "MemoryError", "skip": skip, "times": 8}
            simulator.act({"do": "fault", **fault})
            module.send(command)
            is_prompt = module.read_until(PROMPT).endswith(b">")
            time.sleep(0.01)  # for what would go wrong behind it
            hits = simulator.act({"do": "fault"})["hits"]
            if is_prompt:
                module.write(b"AT+GMR\r\n")
                assert module.read_until(b"\r\n", 5) == b"AT+GMR\r\n"
                module.leave_passthrough()
            prompts += is_prompt
            refusals += not is_prompt
            module.quiet(30)
            module.ok("AT")
            if not hits:
                break
        assert prompts and refusals


@pytest.mark.parametrize("word", [b"close\n", b"reset\n" + b"-" * 4000 + b"\n"])
@pytest.mark.parametrize("times", [1, 8])
def test_a_link_that_ends_without_memory_is_opened_again(tmp_path, times, word):
    """Its end is met by who receives, or by who sends what still comes."""
    simulator = Simulator(tmp_path, bits=32)
    with servers.Server(servers.commanded) as end, simulator.start(), simulator.module() as module:
        module.echo_off()
        for line in ("AT+CWMODE=1", 'AT+CWJAP="espressif","1234567890"', "AT+CIPRECONNINTV=1"):
            module.ok(line)
        module.ok("AT+CIPMODE=1")
        module.ok(f'AT+CIPSTART="TCP","127.0.0.1",{end.port}')
        module.send("AT+CIPSEND")
        module.read_until(PROMPT)
        for skip in range(200):
            fault = {"call": "heap.python", "error": "MemoryError", "skip": skip, "times": times}
            simulator.act({"do": "fault", **fault})
            ends = simulator.log_text().count(ENDED)
            module.write(word)
            # what comes before its end is lost with the link
            wait_for(lambda ends=ends: simulator.log_text().count(ENDED) > ends)
            hits = simulator.act({"do": "fault"})["hits"]
            module.write(b"say again\n")
            assert module.read_until(b"again") == b"again", skip
            if not hits:
                break
        module.leave_passthrough()
        module.ok("AT")
        assert skip
