"""Imitated machine.I2C and machine.SoftI2C: the supervisor has the devices on the wires.

The differences between the two are those of the ESP32 port: the hardware gives up at any missing
acknowledge, software says how many bytes were taken.
"""

import errno

import simbus
from chippin import Pin

_PIECE = 256  # bytes in one packet to the supervisor
_LONGEST_HALF = 1023  # cycles of 80 MHz that the setup and hold times of the hardware can have


class SoftI2C:
    _is_sound = True
    _no_place = errno.EIO  # an address in memory that is not acknowledged

    def __init__(self, *, scl, sda, freq=400000, timeout=50000):
        self._begin(scl, sda, freq)

    def _begin(self, scl, sda, freq):
        self._wires = [Pin(pin)._id for pin in (scl, sda)]
        for pin in self._wires:
            Pin(pin, Pin.OPEN_DRAIN, value=1)
        simbus.call("i2c_clock", scl=self._wires[0], sda=self._wires[1], freq=freq)

    def _call(self, do, **fields):
        scl, sda = self._wires
        answer = simbus.call("i2c", scl=scl, sda=sda, do=do, **fields)
        if answer.get("held"):
            raise OSError(errno.ETIMEDOUT)
        return answer

    def _start(self, addr, read):
        if not self._is_sound or not self._call("start", address=addr, read=read)["acks"]:
            self._call("stop")
            raise OSError(errno.ENODEV)

    def _write(self, part):
        done = 0
        while done < len(part):
            piece = bytes(part[done : done + _PIECE])
            acks = self._call("write", hex=piece.hex())["acks"]
            done += acks
            if acks < len(piece):
                break
        return done

    def _read(self, buf):
        for start in range(0, len(buf), _PIECE):
            count = min(len(buf) - start, _PIECE)
            buf[start : start + count] = bytes.fromhex(self._call("read", count=count)["hex"])

    def writevto(self, addr, vector, stop=True):
        self._start(addr, False)
        done = 0
        for part in vector:
            taken = self._write(part)
            done += taken
            if taken < len(part):
                break
        self._call("stop")
        return self._written(done, sum([len(part) for part in vector]))

    def _written(self, done, count):
        return done

    def writeto(self, addr, buf, stop=True):
        return self.writevto(addr, (buf,), stop)

    def readfrom_into(self, addr, buf, stop=True):
        self._start(addr, True)
        self._read(buf)
        self._call("stop")

    def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
        self._start(addr, False)
        place = memaddr.to_bytes(addrsize // 8, "big")
        if self._write(place) < len(place):
            self._call("stop")
            raise OSError(self._no_place)
        self._start(addr, True)
        self._read(buf)
        self._call("stop")


class I2C(SoftI2C):
    _no_place = errno.ENODEV

    def __init__(self, id=0, *, scl=None, sda=None, freq=400000, timeout=50000):
        if id not in (0, 1):
            raise ValueError("I2C(%d) doesn't exist" % id)
        default = ((18, 19), (9, 8))[id]
        self._is_sound = 80000000 // freq // 2 <= _LONGEST_HALF
        self._begin(default[0] if scl is None else scl, default[1] if sda is None else sda, freq)

    def _written(self, done, count):
        if done < count:
            raise OSError(errno.ENODEV)
        return count
