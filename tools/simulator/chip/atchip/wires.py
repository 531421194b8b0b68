"""PWM, I2C and SPI of the imitated chip: the supervisor has what hangs on the wires."""

import _sim
import simbus

_CALLS = ("pwm_start", "pwm_duty", "pwm_fade", "pwm_stop", "i2c_stop", "spi_start", "spi_stop")
_PIECE = 256  # bytes in one packet to the supervisor


def find(name):
    """Return the function of this name. AttributeError if the chip has none."""
    if name == "spi_transfer":
        return spi_transfer
    if name not in _CALLS:
        raise AttributeError(name)
    return lambda *args: _call(name, args)


def _call(name, args):
    _sim.fault("atchip." + name)
    return simbus.call(name, args=args).get("value")


def spi_transfer(command, command_bits, address, address_bits, write, read, has_more):
    _sim.fault("atchip.spi_transfer")
    size = len(write or read or b"")
    for start in range(0, max(size, 1), _PIECE):
        end = min(start + _PIECE, size)
        answer = simbus.call(
            "spi_transfer",
            command=(command, command_bits),
            address=(address, address_bits),
            hex=bytes(write[start:end]).hex() if write else "",
            count=end - start if read else 0,
            more=has_more or end < size,
        )
        if read:
            read[start:end] = bytes.fromhex(answer["hex"])
        command_bits = address_bits = 0
