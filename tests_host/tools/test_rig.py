"""The bench of the conformance suite: a test finds the world as it was before others."""

import subprocess
import sys

from pins import ROOT

LEAVES_NO_NETWORK = "tests_device/test_scenarios.py::test_transcript[tcpip_lost_unread]"
NEEDS_THE_NETWORK = "tests_device/test_http.py::test_a_host_may_be_slow[http]"


def test_a_transcript_may_leave_the_access_point_down():
    order = [LEAVES_NO_NETWORK, NEEDS_THE_NETWORK]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *order]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "2 passed" in done.stdout, done.stdout
