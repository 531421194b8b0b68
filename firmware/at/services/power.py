"""Restart, sleep, and waking a host that sleeps.

Owns: the sleep mode (AT+SLEEP), the wake source of light sleep, and whether the host MCU is
taken as awake (AT+USERWKMCUCFG, AT+USERMCUSLEEP).
"""

import asyncio

import atchip
import machine

from at.errors import ANY_TROUBLE, CHIP_ERRORS, StateError, refused
from at.loop import within

BY_PIN = 1
BY_UART = 2
FOLLOW_USERMCUSLEEP = 1
FOLLOW_SLEEP = 2
AWAKE_AFTER_DELAY = 4
_NOT_AT_ALL = (0, 0, 0, 0, 0)


class Power:
    """Sleep mode, wake sources, and the host's state."""

    def __init__(self, port):
        self.port = port
        self.mode = 0  # AT+SLEEP: 0 off, 1 modem by DTIM, 2 light, 3 modem by listen interval
        self.listen_interval = 3  # beacons, parameter of AT+CWJAP
        self._wake_pins = set()  # that end light sleep
        self._wake = _NOT_AT_ALL  # (mode, pin or UART number, signal, delay in ms, methods)
        self._awake = asyncio.Event()
        self._awake.set()
        self._lets_go = []

    def before_restart(self, function):
        """Call `function` before each restart, of which the chip's outputs notice nothing."""
        self._lets_go.append(function)

    def restart(self):
        """Start afresh at once; does not return."""
        self._let_go()
        machine.reset()

    def deep_sleep(self, ms):
        """Sleep and start afresh after `ms` milliseconds; 0 restarts at once."""
        self._let_go()
        if ms == 0:
            machine.reset()
        atchip.deep_sleep(ms)

    def _let_go(self):
        for function in self._lets_go:
            try:
                function()
            except ANY_TROUBLE as error:
                self.port.log("power: restarting in spite of:", error)

    def set_mode(self, mode):
        """Set the sleep mode 0..3 of AT+SLEEP; it may also tell whether the host is awake."""
        self._tell(mode)
        self.mode = mode
        if self._wake[4] & FOLLOW_SLEEP:
            self._host_is(mode == 0)

    def set_listen_interval(self, beacons):
        """Note how many beacons a sleeping radio may skip, parameter of AT+CWJAP."""
        self.listen_interval = beacons
        self.apply()

    def apply(self):
        """Tell the driver again: it forgets when it stops."""
        self._tell(self.mode)

    def _tell(self, mode):
        try:
            atchip.power_save(mode, self.listen_interval)
        except CHIP_ERRORS as error:
            raise refused("the radio cannot sleep", error)

    def set_wake_pin(self, pin, level):
        """Choose the pin and level that end light sleep. StateError if the pin cannot."""
        try:
            atchip.wake_gpio(pin, level)
        except CHIP_ERRORS as error:
            raise refused("pin %d cannot wake the chip" % pin, error)
        self._wake_pins.add(pin)

    def pins(self):
        """Return the pins that wake the module or the host."""
        if self._wake[0] == BY_PIN:
            return self._wake_pins | {self._wake[1]}
        return self._wake_pins

    # The host MCU.

    def set_host_wake(self, mode, number, signal, delay_ms, methods):
        """Wake the host before reports: by a pin's level or a byte, for at most `delay_ms`."""
        if mode == BY_PIN:
            try:
                machine.Pin(number, machine.Pin.OUT, value=1 - signal)
                atchip.pin_awake(number, True)  # or it would float while the chip sleeps
            except (ValueError, OSError) as error:
                raise StateError("pin %d cannot wake the host: %s" % (number, error))
        self._wake = (mode, number, signal, delay_ms, methods)
        self._host_is(self._awake.is_set())

    def clear_host_wake(self):
        """Take the host as always awake."""
        self._wake = _NOT_AT_ALL
        self._host_is(True)

    def host_said(self, asleep):
        """Note what AT+USERMCUSLEEP says; it counts only if that method is enabled."""
        if self._wake[4] & FOLLOW_USERMCUSLEEP:
            self._host_is(not asleep)

    def _host_is(self, awake):
        if awake:
            self._awake.set()
            self.port.wake_by(None)
        else:
            self._awake.clear()
            self.port.wake_by(self._wake_host)

    async def _wake_host(self):
        """Give the wake signal and wait until the host says it is awake or the delay is over."""
        mode, number, signal, delay_ms, methods = self._wake
        pin = machine.Pin(number, machine.Pin.OUT, value=signal) if mode == BY_PIN else None
        if pin is None:
            self.port.raw(bytes((signal,)))
        try:
            await within(self._awake.wait(), delay_ms)
        except asyncio.TimeoutError:
            if methods & AWAKE_AFTER_DELAY:
                self._host_is(True)
        if pin is not None:
            pin.value(1 - signal)
