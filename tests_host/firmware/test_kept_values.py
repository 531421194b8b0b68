"""Kept values of another release, of another shape, or with flipped bits: the module starts."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests_host.firmware.bitflips import Flash, flips
from tools.catalogue.declarations import settings_table
from tools.params import nvs

TABLE = settings_table()
# What stands in flash when everything is set, and how a host sees it.
GOOD = {
    "uart": [115200, 8, 1, 0, 0],
    "translink": [0, "example.com", 7, "TCP", None],
    "sysmsg": 1,
    "tcp_options": [[-1, 0, 0, 0], [5, 1, 100, 60]] + [[-1, 0, 0, 0]] * 3,
    "ssl_client": [[0, 0, 0], [3, 1, 2]] + [[0, 0, 0]] * 3,
    "reconnect": 36000,
    "socket_autott": [0, "", 0],
    "dns": ["1.2.3.4", "::1"],
    "sntp": [1, 530, ["time.test"]],
    "wifi_mode": 3,
    "wifi_ap": ["61", "3132333435363738", None, 0, 3, 0, 15, 1, None],
    "wifi_times": [60, 10, 5],
    "wifi_bandwidth": [1, 2],
    "wifi_auto": 0,
    "wifi_reconn": [5, 3],
    "wifi_softap": ["6170", "3132333435363738", 6, 3, 4, 0],
    "wifi_ip": [1, [], ["192.168.9.1", "192.168.9.1", "255.255.255.0"]],
    "wifi_pool": [10, "192.168.4.2", "192.168.4.9"],
    "sta_mac": "aa:bb:cc:00:00:02",
    "ap_mac": "aa:bb:cc:00:00:04",
    "sta_proto": 3,
    "ap_proto": 3,
    "ipv6": 1,
    "web_password": "",
    "crashes": 0,
}
# Values that no key may hold: of other shapes, or beyond any range.
NUMBERS = (-2, 77, 999_999, -(2**31), 2**31 - 1)
OTHERS = (
    None,
    5,
    -1.5,
    True,
    "text",
    {},
    {"a": 1},
    [None],
    [1],
    ["x", 2],
    [[], [], []],
    [0, "", 0, "TCP", None, 0],
    [[[[[[1]]]]]],
    [3, {}, {}],
    [10**20] * 9,
    ["61", "31", None, 0, 3, 0, 15, 1, [0]],
    ["6", "zz", 0, 0, 3, 0, 15, 1, None],
    [0, 1290, []],
    [1, 0, [1, 2, 3]],
    ["1.2.3"],
)
BROKEN = (b"", b"\xff\xfe", b"{", b"[1,", b"nul", b"\0", b"[" * 400, b'"\\ud800"', b"1e999")


def value_of(key, value):
    if isinstance(value, int) and next(row for row in TABLE if row[0] == key)[1] == "int":
        return nvs.Value("i32", value)
    if isinstance(value, bytes):
        return nvs.Value("blob", value)
    is_text = next(row for row in TABLE if row[0] == key)[1] == "str"
    text = value if isinstance(value, str) and is_text else json.dumps(value)
    return nvs.Value("blob", text.encode())


def image(values):
    content = {key: value_of(key, value) for key, value in values.items()}
    return nvs.write({"at": content}, 0xE000)


def test_the_values_here_are_those_of_the_table():
    from at.wire.shape import fits

    assert list(GOOD) == [row[0] for row in TABLE]
    for key, _, factory, _, shape in TABLE:
        assert fits(shape, factory)
        assert fits(shape, GOOD[key])
        for wrong in OTHERS if isinstance(GOOD[key], list) else NUMBERS[:1]:
            assert not fits(shape, wrong), (key, wrong)


def as_json(value):
    return json.loads(json.dumps(value))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_json, st.sampled_from(TABLE), st.randoms())
def test_any_value_is_judged_without_an_error(value, row, luck):
    from at.wire.shape import fits

    shape = row[4]
    assert fits(shape, value) in (True, False)
    good = as_json(GOOD[row[0]])
    if isinstance(good, list) and good:
        good[luck.randrange(len(good))] = value
        assert fits(shape, good) in (True, False)


# How a host sees that a good value is in force.
SEEN = {
    "reconnect": ("AT+CIPRECONNINTV?", "+CIPRECONNINTV:36000"),
    "wifi_mode": ("AT+CWMODE?", "+CWMODE:3"),
    "sntp": ("AT+CIPSNTPCFG?", '+CIPSNTPCFG:1,530,"time.test"'),
    "dns": ("AT+CIPDNS?", '+CIPDNS:1,"1.2.3.4","::1"'),
    "wifi_reconn": ("AT+CWRECONNCFG?", "+CWRECONNCFG:5,3"),
    "wifi_softap": ("AT+CWSAP?", '+CWSAP:"ap","12345678",6,3,4,0'),
}


class Kept(Flash):
    def lost(self):
        """Return the keys whose good values are not in force."""
        with self.simulator.module(timeout_s=60) as module:
            module.echo_off()
            return {
                key for key, (line, seen) in SEEN.items() if seen not in module.command(line).lines
            }


@pytest.fixture
def flash(simulate):
    return Kept(simulate(bits=32))


def variants():
    for wrong in NUMBERS:
        yield {row[0]: wrong for row in TABLE if row[1] == "int"}
    for wrong in OTHERS + BROKEN:
        yield {row[0]: wrong for row in TABLE if row[1] != "int"}
    yield {row[0]: b"blob" if row[1] == "int" else 7 for row in TABLE}


def test_no_kept_value_keeps_the_module_from_starting(flash):
    for values in variants():
        flash.put("nvs", image(values))
        flash.restart()
        said = flash.log_since_restart()
        assert "Traceback" not in said, (values, said)
        flash.answers()


def test_what_fits_is_kept_when_something_else_does_not(flash):
    for key, _, _, _, _ in TABLE:
        values = {**GOOD, key: -2 if isinstance(GOOD[key], int) else b"[7,7,7,7,7,7,7]"}
        flash.put("nvs", image(values))
        flash.restart()
        assert f"{key} in flash does not fit" in flash.log_since_restart()
        assert (
            flash.lost() <= {key, "wifi_softap"} if key == "wifi_mode" else flash.lost() <= {key}
        )


def test_flipped_bits_anywhere_in_the_store(flash):
    """Forty starts; tools.fuzz makes as many as it is given time for."""
    luck = random.Random(20261129)
    good = image(GOOD)
    for _ in range(40):
        flash.put("nvs", flips(good, luck))
        flash.restart()
        assert "Traceback" not in flash.log_since_restart()
        flash.answers()


def test_one_flipped_bit_costs_one_value(flash):
    """An entry's sum tells that it is damaged; the others of the page stay.

    Not so in the first 96 bytes: there NVS has the state of the page and the name of our values.
    """
    good = image(GOOD)
    luck = random.Random(7)
    for _ in range(12):
        damaged = bytearray(good)
        place = next(
            at for at in iter(lambda: luck.randrange(96, len(good)), None) if good[at] != 0xFF
        )
        damaged[place] ^= 1 << luck.randrange(8)
        flash.put("nvs", bytes(damaged))
        flash.restart()
        assert len(flash.lost()) <= 1, place


@pytest.mark.parametrize("error", [0x105, "MemoryError"])
@pytest.mark.parametrize("call", ["esp32.NVS.get", "esp32.NVS.set"])
def test_a_change_that_fails_leaves_what_is_kept_of_its_row(simulate, call, error):
    simulator = simulate()
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+CIPMUX=1")
        module.ok("AT+CIPSSLCCONF=1,1,1,1")
        simulator.act({"do": "fault", "call": call, "error": error})
        assert module.command("AT+CIPSSLCCONF=2,2,2,2").result == "ERROR"
        assert simulator.act({"do": "fault"})["hits"] == 1
        rows = module.ok("AT+CIPSSLCCONF?")
        assert rows[1:3] == ["+CIPSSLCCONF:1,1,1,1", "+CIPSSLCCONF:2,2,2,2"]
        simulator.act("power_cycle")
        module.wait_ready()
        module.echo_off()
        module.ok("AT+CIPMUX=1")
        rows = module.ok("AT+CIPSSLCCONF?")
        assert rows[1:3] == ["+CIPSSLCCONF:1,1,1,1", "+CIPSSLCCONF:2,0,0,0"]


def test_a_change_of_a_row_that_does_not_fit_begins_with_the_factory(flash):
    flash.put("nvs", image({**GOOD, "ssl_client": b"[7]", "wifi_reconn": [5, 3]}))
    flash.restart()
    with flash.simulator.module() as module:
        module.echo_off()
        module.ok("AT+CIPMUX=1")
        module.ok("AT+CIPSSLCCONF=2,1,4,5")
    flash.restart()
    with flash.simulator.module() as module:
        module.echo_off()
        module.ok("AT+CIPMUX=1")
        rows = module.ok("AT+CIPSSLCCONF?")
    assert [row[-5:] for row in rows] == ["0,0,0", "0,0,0", "1,4,5", "0,0,0", "0,0,0"]
