"""The chip refuses a call: every call that a command makes, one after the other, with each error.

Whatever fails, the command gets a result, the module does not restart, the next `AT` is answered,
and the same command works once the chip does. Short memory is called by its name.
"""

import pytest

from pins import ROOT
from tools.host.simprocess import Simulator, SimulatorError

NO_MEMORY = 0x101  # ESP_ERR_NO_MEM: OSError, but RuntimeError from `network`
FAILED = -1  # ESP_FAIL
ERRORS = {"no_mem": NO_MEMORY, "fail": FAILED, "heap": "MemoryError"}
JOIN = 'AT+CWJAP="espressif","1234567890"'
MOST_CALLS = 60  # of one command; none comes near
MOST_CALLS_OF_A_START = 200
HOME = ROOT / "tools/worlds/home.toml"
ENTERPRISE = """
[[ap]]
ssid = "campus"
security = "wpa2_enterprise"
bssid = "ca:d7:19:00:05:01"
[ap.eap]
methods = ["peap"]
ca = "build/certs/wpa2_ca.pem"
[ap.eap.users]
espressif = "test11"
"""

# What has to be so before, the commands whose calls fail, what takes them back.
WALKS = {
    "driver": ([], ["AT+CWINIT=0", "AT+CWINIT=1"], []),
    "mode": ([], ["AT+CWMODE=3"], ["AT+CWMODE=1"]),
    "mode_off": ([], ["AT+CWMODE=0"], ["AT+CWMODE=1"]),
    "join": ([], [JOIN], ["AT+CWQAP"]),
    "leave": ([JOIN], ["AT+CWQAP"], []),
    "joined": (
        [JOIN],
        ["AT+CWJAP?", "AT+CIPSTA?", "AT+CIFSR", 'AT+PING="127.0.0.1"', "AT+CWRECONNCFG=1,1"],
        [],
    ),
    "scan": ([], ["AT+CWLAP"], []),
    "softap": (
        ["AT+CWMODE=3"],
        ['AT+CWSAP="mine","12345678",5,3', "AT+CWSAP?", "AT+CWLIF", "AT+CWQIF", "AT+CIPAP?"],
        ["AT+CWMODE=1"],
    ),
    "pool": (
        ["AT+CWMODE=3"],
        ['AT+CWDHCPS=1,3,"192.168.4.10","192.168.4.20"', "AT+CWDHCPS?", "AT+CWDHCPS=0"],
        ["AT+CWMODE=1"],
    ),
    "addresses": (
        ["AT+CWMODE=3"],
        ['AT+CIPAP="192.168.5.1"', "AT+CWDHCP=1,3", "AT+CWDHCP?", "AT+CIPV6=1", "AT+CIPV6=0"],
        ["AT+CWDHCP=1,3", "AT+CWMODE=1"],
    ),
    "names": (
        ["AT+CWMODE=3"],
        [
            *('AT+CIPSTAMAC="1a:fe:35:98:d3:7b"', "AT+CIPSTAMAC?", 'AT+CWHOSTNAME="mine"'),
            *("AT+CWHOSTNAME?", 'AT+CWCOUNTRY=0,"DE",1,13', "AT+CWCOUNTRY?"),
            *("AT+CWSTAPROTO=7", "AT+CWAPPROTO=7", "AT+RFPOWER=60", "AT+RFPOWER?"),
        ],
        ["AT+CWMODE=1"],
    ),
    "sleep": ([], ["AT+SLEEP=1", "AT+SLEEP=2", "AT+SLEEPWKCFG=2,12,0", "AT+SLEEP=0"], []),
    "mdns": (
        [JOIN],
        ['AT+MDNS=1,"mine","_http",80', "AT+MDNS=0"],
        ["AT+CWQAP"],
    ),
    "smartconfig": ([], ["AT+CWSTARTSMART=1", "AT+CWSTOPSMART"], ["AT+CWSTOPSMART"]),
    "wps": ([], ["AT+WPS=1", "AT+WPS=0"], ["AT+WPS=0"]),
    "enterprise": (
        [],
        ['AT+CWJEAP="campus",1,"me","espressif","test11",0'],
        ["AT+CWQAP"],
    ),
    "pwm": (
        [],
        [
            "AT+DRVPWMINIT=5000,13,14,16",
            "AT+DRVPWMDUTY=1,2",
            "AT+DRVPWMFADE=9,9",
            "AT+DRVPWMINIT=0",
        ],
        [],
    ),
    "spi": (
        ["AT+DRVSPICONFGPIO=35,36,37,34"],
        ["AT+DRVSPIINIT=1000000,0,0,0,0", "AT+DRVSPIRD=3,0x9F,1", "AT+DRVSPIINIT=0"],
        ["AT+DRVSPIINIT=0"],
    ),
    "i2c": ([], ["AT+DRVI2CINIT=0,9,8,100000", "AT+DRVI2CINIT=0"], []),
    "mfg": (
        [],
        ["AT+SYSMFG?", 'AT+SYSMFG=1,"factory_param","version"', 'AT+SYSFLASH=2,"fatfs",0,16'],
        [],
    ),
    "ram": ([], ["AT+USERRAM=1,4096", "AT+USERRAM=0", "AT+SYSRAM?", "AT+GMR"], []),
    "clock": ([], ["AT+SYSTIMESTAMP=1700000000", "AT+SYSTIMESTAMP?", "AT+CIPSNTPTIME?"], []),
    "kept": ([], ["AT+CWAUTOCONN=0", "AT+CWAUTOCONN=1", "AT+UART_DEF?", "AT+SYSROLLBACK"], []),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Return a simulator and the module in it, which lives through all of the walks."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "world.toml").write_text(HOME.read_text() + ENTERPRISE)
    world = ("--world", str(folder / "world.toml"))
    with Simulator(folder, options=world).start(erase=True) as simulator:
        with simulator.module(timeout_s=40) as module:
            module.echo_off()
            module.ok("AT+SYSLOG=2")
            module.ok("AT+CWMODE=1")
            yield simulator, module


def order(simulator, **fault):
    """Order a fault, or with nothing take it back; returns how often the last one was raised."""
    return simulator.act({"do": "fault", **fault})


def works(module, *commands):
    """Run commands that have to work, and drop what they report."""
    for command in commands:
        reply = module.command(command)
        assert reply.result == "OK" or "AT+SYSROLLBACK" in command, (command, reply.raw)
    module.quiet(20)


def fails_well(simulator, module, command, error):
    """Run a command with a fault; return the call that failed, "" if the fault was not met."""
    reply = module.command(command)
    met = order(simulator)
    where = f"{command}: {met['call']} raised {error}"
    assert reply.result in ("OK", "ERROR", "FAIL"), where
    text = reply.raw.decode(errors="replace")
    assert "internal:" not in text, f"{where}: {text}"
    if met["hits"] and reply.result == "ERROR" and error != FAILED:
        assert "memory" in text, f"{where}: {text}"
    module.quiet(30)
    assert module.command("AT").result == "OK", where
    return met["call"] if met["hits"] else ""


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("walk", WALKS)
def test_every_call_of_a_command_may_fail(bench, walk, error):
    simulator, module = bench
    before, commands, after = WALKS[walk]
    starts = simulator.act("status")["restarts"]
    for step, command in enumerate(commands):
        for skip in range(MOST_CALLS):
            works(module, *before, *commands[:step])
            order(simulator, call="*", error=ERRORS[error], skip=skip)
            was_met = fails_well(simulator, module, command, ERRORS[error])
            for undo in (*commands[step + 1 :], *after):  # there may be nothing to undo
                module.command(undo)
            works(module, *before, *commands, *after)
            if not was_met:
                break
        else:
            pytest.fail(f"{command} makes more than {MOST_CALLS} calls")
    assert simulator.act("status")["restarts"] == starts
    assert simulator.act("status")["crashes"] == 0


def answers(simulator, module):
    """Power the module on and talk to it."""
    simulator.act("power_cycle")
    module.wait_ready()
    module.echo_off()
    assert module.command("AT").result == "OK"


# Settings and factory parameters that find no heap would be others: rather a start anew.
@pytest.mark.parametrize(
    ("calls", "error"),
    [(calls, error) for calls in ("network.*", "atchip.wifi*") for error in ERRORS]
    + [(calls, error) for calls in ("atchip.*", "esp32.NVS*") for error in ("no_mem", "fail")],
)
def test_every_call_of_a_start_may_fail(simulate, calls, error):
    simulator = simulate()
    with simulator.module(timeout_s=40) as module:
        module.echo_off()
        module.ok("AT+CWMODE=3")
        module.ok('AT+CIPAP="192.168.5.1"')
        module.ok(JOIN)
        for skip in range(MOST_CALLS_OF_A_START):
            order(simulator, call=calls, error=ERRORS[error], skip=skip)
            answers(simulator, module)
            module.quiet(50)
            met = order(simulator)
            if not met["hits"]:
                break
            assert simulator.act("status")["crashes"] == 0, met
        else:
            pytest.fail(f"a start makes more than {MOST_CALLS_OF_A_START} calls")
        works(module, JOIN)  # as a start without faults leaves it


@pytest.mark.parametrize("call", ["atchip.wifi_init", "network.WLAN", "network.WLAN.active"])
def test_wifi_that_cannot_start_leaves_a_module_that_answers(simulate, call):
    simulator = simulate()
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+CWMODE=1")
        order(simulator, call=call, error=NO_MEMORY, times=0)
        starts = simulator.act("status")["restarts"]
        answers(simulator, module)
        simulator.wait_log("Wi-Fi does not start: out of memory")
        module.ok("AT+SYSLOG=2")
        for command in ("AT+CWINIT=1", "AT+CWINIT=1"):
            assert "REASON:out of memory" in module.command(command).lines
        assert module.error(JOIN) is not None
        assert module.command("AT").result == "OK"
        assert simulator.act("status")["restarts"] == starts + 1
        assert simulator.act("status")["crashes"] == 0
        order(simulator)
        works(module, "AT+CWINIT=1")
        works(module, JOIN)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"call": ""}, "call"),
        ({"call": "atchip.ping"}, "error"),
        ({"call": "atchip.ping", "error": "nothing"}, "error"),
        ({"call": "atchip.ping", "error": 257, "skip": -1}, "skip"),
        ({"call": "atchip.ping", "error": 257, "times": "x"}, "times"),
    ],
)
def test_bad_orders_are_refused(bench, fault, complaint):
    with pytest.raises(SimulatorError, match=complaint):
        order(bench[0], **fault)
