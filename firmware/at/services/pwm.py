"""PWM on up to four pins, with fades that the hardware does alone.

Owns frequency, resolution and channels. One timer of the LEDC serves all channels.
"""

import atchip

from at.errors import CHIP_ERRORS, StateError, invalid, refused

_DRIVER = "PWM"
# The LEDC divides 80 MHz (or 1 MHz) by 1 to 1023.99 and counts to 2 ** bits in each period.
_FASTEST = 80000000
_SLOWEST = 977
_LONGEST_STEP = 1023  # periods, and the largest step as well
_TRIES = 16


class Pwm:
    """The channels that AT+DRVPWMINIT set up, 0 to 3."""

    def __init__(self, pins, power):
        self._pins = pins
        self._count = 0
        self._frequency = 0
        self._bits = 0
        power.before_restart(self.stop)

    def start(self, frequency, bits, pins, first):
        """Put PWM with duty 0 on the pins; what ran before ends. Refusals leave it as it is.

        `first` is the index of the parameter that names the first pin.
        """
        ticks = frequency << bits
        if ticks > _FASTEST:
            raise invalid(1, "%d Hz allow at most %d bits" % (frequency, _most(frequency)))
        if ticks < _SLOWEST:
            raise invalid(1, "%d Hz need at least %d bits" % (frequency, _least(frequency)))
        self._pins.check(_DRIVER, pins, first)
        self.stop()
        self._pins.take(_DRIVER, pins)
        try:
            _led(atchip.pwm_start, frequency, bits, pins)
        except Exception:
            self._pins.release(_DRIVER)
            raise
        self._count, self._frequency, self._bits = len(pins), frequency, bits

    def stop(self):
        """End PWM and release its pins; nothing if there is none."""
        if self._count:
            _led(atchip.pwm_stop)
            self._pins.release(_DRIVER)
            self._count = 0

    def set_duties(self, duties):
        """Set the duty of each channel, 0 to 2 ** bits; None leaves it. All or nothing."""
        for channel, duty in enumerate(duties):
            self._check(channel, duty, channel, 1 << self._bits)
        for channel, duty in enumerate(duties):
            if duty is not None:
                _led(atchip.pwm_duty, channel, duty)

    def fade(self, targets):
        """Let channels go to a duty: (duty, ms) of each, (None, None) leaves it. All or nothing.

        Never longer than `ms`, but for the hardware's steps of at most 1023.
        """
        for channel, (duty, ms) in enumerate(targets):
            self._check(channel, duty, 2 * channel, (1 << self._bits) - 1)
            if duty is None and ms is not None:
                raise invalid(2 * channel, "a fade needs a duty")
            if duty is not None and ms is None:
                raise invalid(2 * channel + 1, "a fade needs a time")
        for channel, (duty, ms) in enumerate(targets):
            if duty is not None:
                self._fade(channel, duty, ms)

    def _check(self, channel, duty, index, most):
        if not self._count:
            raise StateError("there is no PWM: AT+DRVPWMINIT sets it up")
        if duty is None:
            return
        if channel >= self._count:
            raise invalid(index, "AT+DRVPWMINIT set up %d channels" % self._count)
        if duty > most:
            raise invalid(index, "with %d bits this must be 0 to %d" % (self._bits, most))

    def _fade(self, channel, duty, ms):
        distance = abs(duty - _led(atchip.pwm_duty, channel))
        periods = ms * self._frequency // 1000
        scale, cycles = pace(distance, periods)
        if scale:
            _led(atchip.pwm_fade, channel, duty, scale, cycles)
        else:
            _led(atchip.pwm_duty, channel, duty)


def _led(function, *args):
    """Call the LEDC's driver; what it refuses is a StateError."""
    try:
        return function(*args)
    except CHIP_ERRORS as error:
        raise refused("the chip cannot do this PWM", error)


def pace(distance, periods):
    """Return the (scale, cycles) of a fade that comes near to `periods` and is not longer.

    The hardware changes the duty by `scale` every `cycles` periods. (0, 0) if it cannot be so
    quick; a long fade ends early.
    """
    best = (0, 0)
    longest = 0
    if distance and periods:
        smallest = -(-distance // periods)
        for scale in range(smallest, min(smallest + _TRIES, _LONGEST_STEP + 1)):
            steps = -(-distance // scale)
            cycles = min(periods // steps, _LONGEST_STEP)
            if steps * cycles > longest:
                longest = steps * cycles
                best = (scale, cycles)
            if longest * 16 >= periods * 15:
                break
    return best


def _most(frequency):
    bits = 1
    while frequency << bits + 1 <= _FASTEST:
        bits += 1
    return bits


def _least(frequency):
    bits = 1
    while frequency << bits < _SLOWEST:
        bits += 1
    return bits


def create(at):
    """Build the service from those it stands on."""
    return Pwm(at.pins, at.power)
