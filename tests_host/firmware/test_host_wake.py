"""AT+USERWKMCUCFG by a pin: each report after a pause wakes the host anew (manual 3.11.4)."""

import socket
import time

PIN = 5
DELAY_MS = 400


def level(simulator):
    return simulator.act("status")["pins"][str(PIN)]["level"]


def wait_level(simulator, wanted, limit_s=20.0):
    until = time.monotonic() + limit_s
    while level(simulator) != wanted:
        assert time.monotonic() < until, f"pin {PIN} does not become {wanted}"
        time.sleep(0.02)


def test_the_pin_is_raised_before_each_report(simulate):
    simulator = simulate()
    with simulator.module(timeout_s=30) as at, socket.socket(type=socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        at.echo_off()
        at.ok("AT+CWMODE=1")
        at.ok('AT+CWJAP="espressif","1234567890"')
        ip = at.ok("AT+CIPSTA?")[0].split('"')[1]
        at.ok(f'AT+CIPSTART="UDP","127.0.0.1",{peer.getsockname()[1]},1171,0')
        at.ok(f"AT+USERWKMCUCFG=1,1,{PIN},1,{DELAY_MS},1")
        assert level(simulator) == 0
        at.ok("AT+USERMCUSLEEP=1")
        for word in (b"one", b"two", b"three"):
            peer.sendto(word, (ip, 1171))
            wait_level(simulator, 1)
            at.expect(b"\r\n+IPD,%d:%s" % (len(word), word))
            wait_level(simulator, 0)
            time.sleep(0.3)  # the pause after which it counts as asleep again
        at.ok("AT+USERMCUSLEEP=0")
        peer.sendto(b"awake", (ip, 1171))
        at.expect(b"\r\n+IPD,5:awake")
        assert level(simulator) == 0
        at.ok("AT+USERWKMCUCFG=0")
