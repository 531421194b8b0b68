"""AT+CWJEAP's ERR CODE for what a healthy driver never does, and that the document has them all.

A user file makes one call of the chip fail; what a host can provoke by itself is in the
transcript wifi_enterprise_errors.
"""

import re

import pytest

from tools.catalogue.declarations import ROOT
from tools.host.simprocess import Simulator

DOCUMENT = ROOT / "docs/enterprise-errors.md"
TRANSCRIPTS = ROOT / "tests_device/scenarios"
TLS = 'AT+CWJEAP="dlink11111",0,"me",,,3'
PEAP = 'AT+CWJEAP="dlink11111",1,"me","espressif","test11",0'
# Call that fails, how, and the code of it.
FAILURES = (
    ("eap_ca", "ESP_ERR_NO_MEM", TLS, 0x8001),
    ("eap_identity", "MemoryError", PEAP, 0x8001),
    ("wifi_connect", "ESP_ERR_WIFI_CONN", PEAP, 0x8004),
    ("wifi_connect", "MemoryError", PEAP, 0x8001),
    ("eap_identity", "ESP_ERR_INVALID_ARG", PEAP, 0x8005),
    ("eap_username", "ESP_ERR_INVALID_ARG", PEAP, 0x8006),
    ("eap_password", "ESP_ERR_INVALID_ARG", PEAP, 0x8007),
    ("eap_ca", "ESP_ERR_INVALID_ARG", TLS, 0x800A),
    ("eap_certificate", "ESP_ERR_INVALID_ARG", TLS, 0x800F),
    ("eap_enable", "ESP_FAIL", PEAP, 0x8010),
    ("settings", "ESP_ERR_NVS_NOT_ENOUGH_SPACE", PEAP, 0x8023),
)
NEVER = {0x8002}
_BREAK = """
import atchip

from at.command import command

BREAK = command("+BREAK", "Let a call fail", (("str", "call", 1, 30), ("str", "error", 1, 40)))


@BREAK.set
def break_set(at, call, error):
    name = call.decode()
    owner, name = (at.settings, "put") if name == "settings" else (atchip, name)
    works = getattr(owner, name)

    def fail(*_):
        setattr(owner, name, works)
        if error == b"MemoryError":
            raise MemoryError
        raise OSError(12 if error == b"ESP_ERR_NO_MEM" else -1, error.decode())

    setattr(owner, name, fail)
"""


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    simulator = Simulator(
        tmp_path_factory.mktemp("campus"),
        options=("--world", str(ROOT / "tools/worlds/campus.toml")),
    )
    simulator.put_user_file("breaking.py", _BREAK)
    with simulator.start(erase=True), simulator.module() as module:
        module.echo_off()
        module.ok("AT+SYSLOG=1")
        module.ok("AT+CWMODE=1")
        yield module


@pytest.mark.parametrize(
    ("call", "error", "line", "code"), FAILURES, ids=[f"{f[0]}-{f[1]}" for f in FAILURES]
)
def test_a_call_that_fails_has_its_code(module, call, error, line, code):
    module.ok(f'AT+BREAK="{call}","{error}"')
    assert module.error(line) == 0x010A0000 | code
    module.ok("AT+CWQAP")
    module.quiet(100)
    assert "WIFI GOT IP" in module.ok(line, 30.0), "the next time it works"
    module.ok("AT+CWQAP")
    module.quiet(100)


def test_every_code_of_the_manual_is_documented():
    documented = set()
    for row in re.findall(r"^\| ([8][0-9a-f, to]+) \|", DOCUMENT.read_text(), re.MULTILINE):
        numbers = [int(number, 16) for number in re.findall(r"[0-9a-f]{4}", row)]
        documented |= set(range(numbers[0], numbers[-1] + 1)) if "to" in row else set(numbers)
    assert documented | NEVER == set(range(0x8001, 0x8025))


def test_every_documented_code_comes_somewhere():
    text = "".join(path.read_text() for path in TRANSCRIPTS.glob("wifi_enterprise*.at"))
    heard = {int(code, 16) for code in re.findall(r"0x010a(80[0-9a-f]{2})", text)}
    heard |= {failure[-1] for failure in FAILURES}
    assert heard | NEVER == set(range(0x8001, 0x8025))
