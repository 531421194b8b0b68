"""loop_silence: longest time (ms) in which the loop does not turn, with a chip's slowness.

Measured by the simulator (`tools/atsim --slow`): flash takes its time, and the firmware's thread
counts as the chip's processor would need. Over a session that goes through flash, files, Wi-Fi,
links, TLS and lists; the TLS handshake's arithmetic is part of it.
"""

from __future__ import annotations

import tempfile

from tools.bench.result import Bench, Result
from tools.host.simprocess import Simulator

KEY = "loop_silence"
TARGET_MS = 100
_LINES = (
    *("AT+SYSLOG=0", "AT+GMR", "AT+CMD?", "AT+CWMODE=3", 'AT+CWSAP="bench","12345678",6,3'),
    *("AT+CWLAP", 'AT+CWJAP="espressif","1234567890"', "AT+CIPMUX=1", "AT+CIPRECONNINTV=9"),
    *('AT+CIPSTART=0,"TCP","127.0.0.1",1', 'AT+CIPDOMAIN="example.test"', "AT+SYSMFG?"),
    *('AT+SYSMFG=1,"client_ca"', 'AT+SYSFLASH=0,"fatfs"', "AT+WEBSERVER=1,8099,60"),
    *('AT+FS=0,4,"."', "AT+CIPSERVER=1,7099", "AT+CIPSERVER=0", "AT+WEBSERVER=0"),
    *("AT+MQTTCONN?", "AT+HTTPCHEAD?", "AT+CIPSTATE?", "AT+SYSRAM?", "AT+RESTORE"),
)


def run(_bench: Bench | None) -> Result:
    """Play the session on the 32-bit build."""
    worst = (0.0, "")
    with tempfile.TemporaryDirectory() as folder:
        simulator = Simulator(folder, bits=32, options=("--slow",))
        with simulator.start(erase=True), simulator.module(timeout_s=60) as module:
            module.echo_off()
            for line in _LINES:
                simulator.act("forget_silence")
                module.command(line)
                worst = max(worst, (simulator.act("status")["loop_silence_ms"], line))
    return Result(round(worst[0]), "ms", note=f"in {worst[1]}; the target is {TARGET_MS}")
