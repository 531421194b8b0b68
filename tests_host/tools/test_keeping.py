"""What a conformance run puts back on a real module, proved on a simulated one."""

from pathlib import Path

import pytest

from tests_device.keeping import Keeper
from tools.host.atclient import Module
from tools.transcript import grammar

PAIRS = (
    ("module_name", 7, b"Mine"),
    ("channel_num", 1, b"11"),
    ("uart_baudrate", 6, b"9600"),
    ("quote", 7, b'a "word"'),
)
SPACE = "factory_param"


@pytest.fixture
def module(simulate):
    with simulate().module(timeout_s=60) as module:
        module.echo_off()
        module.command(f'AT+SYSMFG=0,"{SPACE}"')
        for key, kind, data in PAIRS:
            write(module, key, kind, data)
        yield module


def write(module: Module, key: str, kind: int, data: bytes) -> None:
    start = f'AT+SYSMFG=2,"{SPACE}","{key}",{kind},'
    if kind == 7:
        module.prompt(f"{start}{len(data)}")
        module.write(data)
        module.finish()
    else:
        module.ok(start + data.decode())


def script(*lines: str) -> grammar.Transcript:
    text = "# Title\n" + "".join(f"> {line}\n< OK\n" for line in lines)
    return grammar.parse(text, Path("file.at"), "file")


def pairs(module: Module) -> dict[str, str]:
    """Return key -> what its line says, of the whole namespace."""
    found = {}
    for line in module.ok(f'AT+SYSMFG=1,"{SPACE}"'):
        key = line.split(",")[1].strip('"')
        module.send(f'AT+SYSMFG=1,"{SPACE}","{key}"')
        found[key] = module.read_until(b"\r\nOK\r\n")
    return found


def test_a_namespace_is_as_it_was(module):
    """Whatever was changed, added, removed or given another type."""
    before = pairs(module)
    keeper = Keeper(module, script(f'AT+SYSMFG=2,"{SPACE}","channel_num",1,14'))
    write(module, "channel_num", 1, b"14")
    write(module, "uart_baudrate", 7, b"fast")
    write(module, "new", 7, b"pair")
    module.ok(f'AT+SYSMFG=0,"{SPACE}","quote"')
    assert pairs(module) != before
    keeper.put_back()
    assert pairs(module) == before


def test_values_that_are_put_back_do_not_come_into_the_log(module):
    keeper = Keeper(module, script(f'AT+SYSMFG=0,"{SPACE}"'))
    module.ok(f'AT+SYSMFG=0,"{SPACE}"')
    module.log.clear()
    keeper.put_back()
    assert module.log.entries() == []
    assert b"Mine" in pairs(module)["module_name"]


def test_files_of_a_transcript_go(module):
    keeper = Keeper(module, script('AT+FS=0,1,"left",0,3'))
    module.prompt('AT+FS=0,1,"left",0,3')
    module.write(b"abc")
    module.finish()
    assert module.ok('AT+FS=0,4,"."') == ["+FS:left"]
    keeper.put_back()
    assert module.ok('AT+FS=0,4,"."') == []


def test_who_changes_nothing_that_stays_is_not_asked_about_it(module):
    module.log.clear()
    Keeper(module, script("AT+GMR", 'AT+SYSMFG=2,"notes","a",1,1')).put_back()
    assert module.log.entries() == []
