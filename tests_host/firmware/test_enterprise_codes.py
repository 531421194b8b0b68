"""AT+CWJEAP's ERR CODE for what a healthy driver never does, and that the document has them all.

The simulator makes one call of the chip fail; what a host can provoke by itself is in the
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
KEPT = PEAP.replace("me", "you")  # what is kept already is not written again
NO_MEMORY = 0x101  # ESP_ERR_NO_MEM
BAD = 0x102  # ESP_ERR_INVALID_ARG
# Call that fails, how (an esp_err_t), and the code of it.
FAILURES = (
    ("atchip.eap_ca", NO_MEMORY, TLS, 0x8001),
    ("atchip.eap_identity", "MemoryError", PEAP, 0x8001),
    ("atchip.wifi_connect", 0x3007, PEAP, 0x8004),  # ESP_ERR_WIFI_CONN
    ("atchip.wifi_connect", "MemoryError", PEAP, 0x8001),
    ("atchip.eap_identity", BAD, PEAP, 0x8005),
    ("atchip.eap_username", BAD, PEAP, 0x8006),
    ("atchip.eap_password", BAD, PEAP, 0x8007),
    ("atchip.eap_ca", BAD, TLS, 0x800A),
    ("atchip.eap_certificate", BAD, TLS, 0x800F),
    ("atchip.eap_enable", -1, PEAP, 0x8010),  # ESP_FAIL
    ("esp32.NVS.set", 0x1105, KEPT, 0x8023),  # ESP_ERR_NVS_NOT_ENOUGH_SPACE
)
NEVER = {0x8002}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Return a simulator among enterprise networks, and the module in it."""
    world = ("--world", str(ROOT / "tools/worlds/campus.toml"))
    simulator = Simulator(tmp_path_factory.mktemp("campus"), options=world)
    with simulator.start(erase=True), simulator.module() as module:
        module.echo_off()
        module.ok("AT+SYSLOG=1")
        module.ok("AT+CWMODE=1")
        yield simulator, module


@pytest.mark.parametrize(
    ("call", "error", "line", "code"), FAILURES, ids=[f"{f[0]}-{f[1]}" for f in FAILURES]
)
def test_a_call_that_fails_has_its_code(bench, call, error, line, code):
    simulator, module = bench
    simulator.act({"do": "fault", "call": call, "error": error})
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
