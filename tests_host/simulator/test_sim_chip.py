"""The imitated chip: the contract program in sim_chip.py, and what the world sees of it."""

import json
import socket

import pytest

from pins import ROOT

CONTRACT = ROOT / "tests_host/simulator/sim_chip.py"


@pytest.fixture
def run(simulate, tmp_path):
    """Return a function that runs a MicroPython program in place of the firmware."""

    def start(source, **options):
        path = tmp_path / "app.py"
        head = "import atlink\nuart = atlink.UART(1, 17, 21, 20, 19)\nuart.write(b'ready')\n"
        path.write_text(head + "uart.flush(1000)\n" + source)
        return simulate(environment={"ATSIM_APP": str(path)}, **options)

    return start


@pytest.mark.parametrize("bits", [64, 32])
def test_the_contract_holds(simulate, bits):
    # The program is in the heap, unlike the firmware, and larger than the chip's.
    roomy = ("--heap", "400k")
    simulator = simulate(bits=bits, options=roomy, environment={"ATSIM_APP": str(CONTRACT)})
    simulator.wait_log("contract: events please")
    raise_events(simulator, 300)
    simulator.wait_log("contract: ok")
    assert simulator.act("status")["crashes"] == 0


def test_the_world_sees_what_pins_do(run):
    simulator = run(
        "from machine import Pin\n"
        "Pin(4, Pin.OUT, value=1)\n"
        "held = Pin(5, Pin.OUT, value=1, hold=True)\n"
        "held.off()\n"  # a held pad does not follow
        "Pin(6, Pin.IN, Pin.PULL_UP)\n"
        "print('done')\n"
        "import time\n"
        "time.sleep(60)\n"
    )
    simulator.wait_log("done")
    pins = simulator.act("status")["pins"]
    assert (pins["4"]["mode"], pins["4"]["level"]) == (3, 1)
    assert (pins["5"]["level"], pins["5"]["hold"]) == (1, True)
    assert (pins["6"]["mode"], pins["6"]["pull"]) == (1, 2)


def test_a_held_pin_keeps_its_level_over_a_reset(run):
    simulator = run(
        "import machine, time\n"
        "if machine.reset_cause() == machine.PWRON_RESET:\n"
        "    machine.Pin(4, machine.Pin.OUT, value=1)\n"
        "    machine.Pin(5, machine.Pin.OUT, value=1, hold=True)\n"
        "    machine.reset()\n"
        "print('second start', machine.reset_cause())\n"
        "time.sleep(60)\n"
    )
    simulator.wait_log("second start 2")
    pins = simulator.act("status")["pins"]
    assert list(pins) == ["5"]
    assert pins["5"]["level"] == 1


def test_rtc_memory_survives_deep_sleep_and_no_power_cycle(run):
    simulator = run(
        "import machine, time\n"
        "memory = machine.RTC().memory()\n"
        "print('memory', memory, machine.reset_cause())\n"
        "if not memory:\n"
        "    machine.RTC().memory(b'kept')\n"
        "    machine.deepsleep(100)\n"
        "time.sleep(60)\n"
    )
    log = simulator.wait_log("memory b'kept' 4")
    assert "memory b'' 1" in log
    simulator.act("power_cycle")
    until = simulator.wait_log("power off")
    assert until
    simulator.wait_log("deep sleep for 100 ms")


def test_the_watchdog_bites_unless_it_is_fed(run):
    simulator = run(
        "import machine, time\n"
        "if machine.reset_cause() == machine.WDT_RESET:\n"
        "    print('bitten')\n"
        "    time.sleep(60)\n"
        "dog = machine.WDT(timeout=1000)\n"
        "for _ in range(6):\n"
        "    time.sleep_ms(300)\n"
        "    dog.feed()\n"
        "print('fed well')\n"
        "while True:\n"
        "    pass\n"
    )
    log = simulator.wait_log("bitten")
    assert log.index("fed well") < log.index("start of slot ota_0: watchdog") < log.index("bitten")


def test_a_torn_write_ends_half_way(run):
    simulator = run(
        "import esp32, machine, time\n"
        "part = esp32.Partition('fatfs')\n"
        "if machine.reset_cause() == machine.PWRON_RESET:\n"
        "    data = bytearray(4)\n"
        "    part.readblocks(0, data)\n"
        "    if data == b'\\xff' * 4:\n"
        "        print('waiting')\n"
        "        time.sleep(1)\n"
        "        part.writeblocks(0, bytes(256), 0)\n"
        "print('after')\n"
        "time.sleep(60)\n"
    )
    simulator.wait_log("waiting")
    simulator.act({"do": "power_cut_after_flash_writes", "n": 1})
    simulator.wait_log("after")
    assert "power cut during a flash operation" in simulator.log_text()
    with (simulator.folder / "flash" / "flash.img").open("rb") as file:
        file.seek(0x70000)
        assert file.read(256) == bytes(128) + b"\xff" * 128


def raise_events(simulator, count):
    """Change an input so many times."""
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(simulator.control))
        with control.makefile("rb") as answers:
            for number in range(count):
                command = {"do": "gpio", "pin": 7, "level": number & 1}
                control.sendall(json.dumps(command).encode() + b"\n")
                assert json.loads(answers.readline())["ok"]


def test_events_wait_for_a_firmware_that_is_busy(run):
    simulator = run(
        "import atchip, time\n"
        "print('asleep')\n"
        "time.sleep(2)\n"
        "seen = 0\n"
        "last = None\n"
        "until = time.ticks_ms() + 10000\n"
        "while seen < 450 and time.ticks_ms() < until:\n"
        "    event = atchip.event()\n"
        "    if event:\n"
        "        seen += 1\n"
        "        last = event\n"
        "print('seen', seen, last)\n"
        "time.sleep(60)\n"
    )
    simulator.wait_log("asleep")
    raise_events(simulator, 450)
    assert "seen 450 ('gpio', 7, 1)" in simulator.wait_log("seen")
