"""The drivers' arithmetic, and what the simulated world shows of them."""

import sys
import time
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def pace(monkeypatch):
    monkeypatch.setitem(sys.modules, "atchip", types.ModuleType("atchip"))
    from at.services.pwm import pace

    return pace


def length(distance, scale, cycles):
    return -(-distance // scale) * cycles


def test_a_fade_comes_near_to_its_time_and_is_not_longer(pace):
    @given(st.integers(1, 16384), st.integers(1, 10**9))
    def check(distance, periods):
        scale, cycles = pace(distance, periods)
        assert 0 <= scale <= 1023 and 0 <= cycles <= 1023
        if scale:
            assert length(distance, scale, cycles) <= periods
        if 100 < periods < distance * 1000:
            assert length(distance, scale, cycles) >= periods * 3 // 4

    check()


@pytest.mark.parametrize(
    ("distance", "periods", "expected"),
    [
        (1000, 1000, (1, 1)),
        (1000, 5000, (1, 5)),
        (8192, 4096, (2, 1)),
        (1000, 10**9, (1, 1023)),  # the hardware waits no longer at a step
        (16384, 1, (0, 0)),  # nor can it step further
        (1, 1, (1, 1)),
        (0, 1000, (0, 0)),
        (1000, 0, (0, 0)),
    ],
)
def test_the_pace_of_fades(pace, distance, periods, expected):
    assert pace(distance, periods) == expected


def test_a_fade_is_seen_on_the_pin_while_it_lasts(simulate):
    simulator = simulate()
    with simulator.module() as module:
        module.ok("AT+DRVPWMINIT=5000,13,14")
        module.ok("AT+DRVPWMFADE=8000,500")
        seen = []
        until = time.monotonic() + 20
        while time.monotonic() < until:
            seen.append(simulator.act({"do": "wave", "pin": 14})["wave"])
            if seen[-1] == "5000 Hz 8000/8192":
                break
        assert seen[-1] == "5000 Hz 8000/8192"
        assert all(wave.endswith("fading") for wave in seen[:-1])
        duties = [int(wave.split()[2].split("/")[0]) for wave in seen]
        assert duties == sorted(duties) and len(set(duties)) > 5
        # a duty takes over from a fade, another fade goes on from where it is
        module.ok("AT+DRVPWMFADE=0,60000")
        module.ok("AT+DRVPWMFADE=8191,60000")
        duty = int(simulator.act({"do": "wave", "pin": 14})["wave"].split()[2].split("/")[0])
        assert 7000 < duty < 8191
        module.ok("AT+DRVPWMDUTY=5")
        assert simulator.act("status")["world"]["waves"] == {"14": "5000 Hz 5/8192"}


def test_pins_that_a_driver_leaves_are_inputs_again(simulate):
    simulator = simulate()
    with simulator.module() as module:

        def modes():
            pins = simulator.act("status")["pins"]
            return {pin: (state["mode"], state["pull"]) for pin, state in pins.items()}

        module.ok("AT+DRVI2CINIT=0,9,8,100000")
        assert simulator.act("status")["world"]["i2c"] == [{"scl": 9, "sda": 8, "freq": 100000}]
        assert modes() == {"8": (7, 2), "9": (7, 2)}  # open drain, pulled up
        module.ok("AT+DRVI2CINIT=0,9,11,1000")
        assert modes() == {"8": (1, 0), "9": (7, 2), "11": (7, 2)}
        module.ok("AT+DRVI2CINIT=0")
        assert modes() == {"8": (1, 0), "9": (1, 0), "11": (1, 0)}
        module.ok("AT+DRVSPICONFGPIO=35,37,36,34")
        module.ok("AT+DRVSPIINIT=1000000,3,0,0,1")
        bus = {"freq": 1000000, "mode": 3, "mosi": 35, "miso": 37, "sclk": 36, "cs": 34}
        assert simulator.act("status")["world"]["spi"] == bus
        for asked, given in ((40000000, 40000000), (39999999, 26666666), (102400, 102301)):
            module.ok(f"AT+DRVSPIINIT={asked},3,0,0,1")
            assert simulator.act("status")["world"]["spi"]["freq"] == given
        module.ok("AT+DRVSPIINIT=0")
        assert simulator.act("status")["world"]["spi"] == {}
        assert modes().keys() >= {"34", "35", "36", "37"}
        assert set(modes().values()) == {(1, 0)}
