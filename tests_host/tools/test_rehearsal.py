"""A short rehearsal: conversations with a module that nothing of this PC is on loopback for.

What the whole of it proves (`make rehearsal`), a few conversations prove each time: addresses,
names and certificates of the suite are the bench's, not this PC's.
"""

import subprocess
import sys

import pytest

from pins import ROOT
from tests_host.tools.refusals import REFUSED

SCENARIOS = (
    "tcpip_send",
    "tcpip_ipv6",
    "http_get",
    "mqtt_example_tls",
    "aithinker_server",
    "ws_tls",
)


@pytest.mark.parametrize("options", [("--open",), ()], ids=["open", "wpa2"])
def test_the_suite_runs_with_a_module_in_a_network_of_its_own(tmp_path, options):
    command = [sys.executable, "-m", "tools.conformance.rehearsal", "--fast", "--bits", "64"]
    command += [*options, "--folder", str(tmp_path), "--", "--", "-k"]
    command += [" or ".join(f"{name}]" for name in SCENARIOS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if any(words in done.stderr for words in REFUSED):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert f"{len(SCENARIOS)} passed" in done.stdout
