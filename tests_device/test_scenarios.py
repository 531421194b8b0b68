"""Each transcript of scenarios/ is one test."""

import contextlib
from pathlib import Path

import pytest

from tests_device.rig import Rig
from tools.host.atclient import ATMismatch
from tools.transcript import grammar
from tools.transcript.player import Player, TranscriptFailure, missing_needs

SCENARIOS = Path(__file__).parent / "scenarios"
NAMES = sorted(
    str(path.relative_to(SCENARIOS).with_suffix("")) for path in SCENARIOS.rglob("*.at")
)


_WORDS = {
    "sim": "a simulated module",
    "wifi": "an access point (SSID)",
    "secret": "an access point with a password (PASSWORD)",
    "host": "servers that the module reaches (host IP)",
    "name": "a name by which the module finds this machine (HOST_NAME)",
    "ipv6": "an IPv6 address at which the module reaches this machine (HOST_IP6)",
    "data": "certificates and files to be overwritten (--overwrite)",
    "broker": "the MQTT broker mosquitto",
}


def _in_words(need: str) -> str:
    return _WORDS.get(need, need)


@pytest.mark.parametrize("name", NAMES)
def test_transcript(name: str, rig: Rig, request: pytest.FixtureRequest) -> None:
    script = grammar.load(SCENARIOS / f"{name}.at", name)
    request.node.user_properties.append(("title", script.title))
    missing = missing_needs(script, rig.offers)
    if missing:
        pytest.skip(f"the bench does not offer {', '.join(map(_in_words, missing))}")
    is_reference = request.config.option.reference
    player = Player(
        script,
        rig.prepare(script),
        rig,
        rig.variables,
        timeout_s=10.0 if rig.simulated else 20.0,
        accept=request.config.option.accept or is_reference,
    )
    problem = None
    try:
        player.play()
    except TranscriptFailure as failure:
        problem = str(failure)
    with contextlib.suppress(ATMismatch):  # a module that answers no more has failed already
        rig.put_back()
    if is_reference:
        note = problem or f"{player.differences} places differ from the transcript"
        request.node.user_properties.append(("outcome", "recorded"))
        request.node.user_properties.append(("reason", note))
        return
    if problem:
        request.node.add_report_section("call", "log port (UART0)", rig.log_tail())
        rig.close()
        pytest.fail(problem, pytrace=False)
    if player.rewrite():
        pytest.skip("rewritten by --accept: review the difference")
