"""The table of commands for hardware that the chip lacks agrees with firmware and transcript."""

from tools.catalogue import absent, declarations, examples, gendocs
from tools.transcript import grammar
from tools.transcript.seen import form_of

SCRIPT = examples.SCENARIOS / "absent_hardware.at"


def test_no_absent_command_is_declared() -> None:
    declared = {command.name for command in declarations.all_commands()}
    assert not declared & set(absent.names())


def test_the_transcript_refuses_every_absent_command() -> None:
    script = grammar.load(SCRIPT, SCRIPT.name)
    forms = [form_of(step.text) for step in script.steps if step.kind == "send"]
    assert {form[0] for form in forms if form} >= set(absent.names())


def test_the_reference_says_why() -> None:
    text = gendocs.render()
    assert "| Ethernet | `AT+CIPETHMAC`, `AT+CIPETH` | the ESP32-S2 has no Ethernet MAC |" in text
    assert all(f"`AT{name}`" in text for name in absent.names())
