"""Peripherals of the chip (manual chapter 3.10).

Only pins that have no other task can be used: those of the AT port, and pins that wake the host or
the module, are refused.
"""

from at.command import command

DRVADC = command(
    "+DRVADC",
    "Read one sample of ADC1, 12 bits",
    (("int", "channel", 0, 9), ("int", "atten", 0, 3)),
)


@DRVADC.set
def drvadc_set(at, channel, atten):
    """Channel n is GPIO n + 1, the ESP32-S2's own order; the manual's table is the ESP32's.

    The sample is 0 to 4095, of the range of the attenuation: 0: 0 to 750 mV, 1: 0 to 1050 mV,
    2: 0 to 1300 mV, 3: 0 to 2500 mV. What is higher reads as 4095.
    """
    at.reply(at.pins.sample(channel + 1, atten) >> 4)
