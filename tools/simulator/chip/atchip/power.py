"""Sleep, wake sources, transmit power and the clock of the imitated chip."""

import _sim
import simbus

_MAX_TIMER_MS = 0x7FFFFFFF


def clock():
    _sim.fault("atchip.clock")
    return _sim.clock_us() // 1000000


def clock_set(unix_seconds):
    _sim.fault("atchip.clock_set")
    _sim.clock_us(unix_seconds * 1000000)


def deep_sleep(ms):
    _sim.fault("atchip.deep_sleep")
    if not 0 <= ms <= _MAX_TIMER_MS:
        raise ValueError("0 to 2147483647 ms")
    _sim.deep_sleep(ms)


def power_save(mode, listen_interval):
    _sim.fault("atchip.power_save")
    if not 0 <= mode <= 3:
        raise ValueError("mode is 0 to 3")
    simbus.report(power_save=mode, listen_interval=listen_interval)


def tx_power(quarter_dbm=None):
    _sim.fault("atchip.tx_power")
    return simbus.call("tx_power", value=quarter_dbm)["value"]


def pin_awake(pin, on):
    _sim.fault("atchip.pin_awake")
    simbus.call("pin_awake", pin=pin, on=bool(on))


def wake_gpio(pin, level):
    _sim.fault("atchip.wake_gpio")
    simbus.call("wake_gpio", pin=pin, level=level)
