"""Peripherals of the chip (manual chapter 3.10): analog inputs and PWM.

A pin that has a task already is refused: those of the AT port, of the log port, that wake the
host or the module, and those of another driver. So are 22 to 25, which the chip has not, 27 to
32, which are the flash's, 26 on a module with PSRAM, and 46, an input, as an output. A restart
releases all pins.
"""

from at.command import command
from at.wire.bind import demand

DRVADC = command(
    "+DRVADC",
    "Read one sample of ADC1, 12 bits",
    (
        ("int", "channel", 0, 7),  # GPIO number less one
        # 0 up to 750 mV; 1 up to 1050 mV; 2 up to 1300 mV; 3 up to 2500 mV
        ("int", "atten", 0, 3),
    ),
    words={"raw_data": "0 to 4095, of that range"},
)


@DRVADC.set
def drvadc_set(at, channel, atten):
    """Channel n is GPIO n + 1, the ESP32-S2's own order; the manual's table is the ESP32's.

    Channels 8 and 9, which the chip has as well, are out of the manual's range.

    `+DRVADC:<raw_data>`. What is higher than the attenuation's range reads as 4095.
    """
    at.reply(at.pins.sample(channel + 1, atten) >> 4)


DRVPWMINIT = command(
    "+DRVPWMINIT",
    "Put PWM of one frequency and resolution on up to four pins",
    (
        ("int", "freq", 0, 8000000),  # Hz; 0 end PWM
        ("int", "duty_res", 1, 14, None),  # bits
        ("int", "ch0_gpio", 0, 46, None),  # number of the pin
        ("int", "ch1_gpio", 0, 46, None),  # number of the pin
        ("int", "ch2_gpio", 0, 46, None),  # number of the pin
        ("int", "ch3_gpio", 0, 46, None),  # number of the pin
    ),
    since="ours: `freq` 0",
)


@DRVPWMINIT.set
def drvpwminit_set(at, freq, duty_res, *pins):
    """The duty is 0 afterwards. PWM that ran before ends and its pins are released.

    The ESP32-S2 has 14 bits; the 20 of the manual are the ESP32's. Frequency times 2 ** bits must
    be 977 to 80000000: 5 kHz allow 13 bits, 8 MHz allow 3, and 1 Hz needs 10. Channels are used
    from 0 on without gaps. `AT+DRVPWMINIT=0` ends PWM and releases its pins, which the manual
    has no way for. The waves stop while the module is in light sleep.
    """
    if not freq:
        at.pwm.stop()
        return
    used = list(pins)
    while len(used) > 1 and used[-1] is None:
        used.pop()
    demand(DRVPWMINIT.params[1:], [duty_res] + used, 1)
    at.pwm.start(freq, duty_res, tuple(used), 2)


DRVPWMDUTY = command(
    "+DRVPWMDUTY",
    "Set the duty of PWM channels; what is left out stays as it is",
    (
        ("int", "ch0_duty", 0, 16384, None),  # of 2 ** bits
        ("int", "ch1_duty", 0, 16384, None),  # of 2 ** bits
        ("int", "ch2_duty", 0, 16384, None),  # of 2 ** bits
        ("int", "ch3_duty", 0, 16384, None),  # of 2 ** bits
    ),
)


@DRVPWMDUTY.set
def drvpwmduty_set(at, *duties):
    """0 is always low, 2 ** bits always high; a fade of the channel ends.

    A value that is wrong changes no channel.
    """
    at.pwm.set_duties(duties)


DRVPWMFADE = command(
    "+DRVPWMFADE",
    "Let PWM channels fade to a duty, each within its time",
    (
        ("int", "ch0_target_duty", 0, 16383, None),  # of 2 ** bits
        ("int", "ch0_fade_time", 0, 0x7FFFFFFF, None),  # ms; 0 at once
        ("int", "ch1_target_duty", 0, 16383, None),  # of 2 ** bits
        ("int", "ch1_fade_time", 0, 0x7FFFFFFF, None),  # ms; 0 at once
        ("int", "ch2_target_duty", 0, 16383, None),  # of 2 ** bits
        ("int", "ch2_fade_time", 0, 0x7FFFFFFF, None),  # ms; 0 at once
        ("int", "ch3_target_duty", 0, 16383, None),  # of 2 ** bits
        ("int", "ch3_fade_time", 0, 0x7FFFFFFF, None),  # ms; 0 at once
    ),
)


@DRVPWMFADE.set
def drvpwmfade_set(at, *values):
    """OK comes at once, the hardware fades alone; a new fade or duty takes over from there.

    Duties are 0 to 2 ** bits - 1. A step of the duty takes at most 1023 periods, so a very long
    fade ends early; a time of 0 sets the duty.
    """
    at.pwm.fade([values[i : i + 2] for i in range(0, 8, 2)])
