"""Flash whose content is changed between starts of the module, as age and bad luck do."""

import random

from tools.build import partitions
from tools.host.simprocess import Simulator


def flips(image: bytes, luck: random.Random) -> bytes:
    """Return the image with 1 to 300 bits flipped, all over it or close together."""
    damaged = bytearray(image)
    first, last = 0, len(image)
    if luck.random() < 0.5:
        first = luck.randrange(len(image) - 128)
        last = first + 128
    for _ in range(luck.choice((1, 2, 5, 30, 300))):
        damaged[luck.randrange(first, last)] ^= 1 << luck.randrange(8)
    return bytes(damaged)


class Flash:
    """The flash of a simulated module, seen from outside; what is put there counts later."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._path = simulator.folder / "flash" / "flash.img"
        self._parts = {part.name: part for part in partitions.load()}
        self._mark = 0

    def get(self, name: str) -> bytes:
        """Return the content of a partition."""
        part = self._parts[name]
        with self._path.open("rb") as image:
            image.seek(part.offset)
            return image.read(part.size)

    def put(self, name: str, data: bytes) -> None:
        """Write the beginning of a partition; what follows it is blank."""
        part = self._parts[name]
        assert len(data) <= part.size
        with self._path.open("r+b") as image:
            image.seek(part.offset)
            image.write(data + b"\xff" * (part.size - len(data)))

    def restart(self) -> None:
        """Take the power away and give it back; return when the module says that it is ready."""
        self._mark = len(self.simulator.log_text())
        with self.simulator.module(timeout_s=60) as module:
            self.simulator.act("power_cycle")
            module.wait_ready()

    def log_since_restart(self) -> str:
        """Return what the log says since then."""
        return self.simulator.log_text()[self._mark :]

    def answers(self) -> None:
        """Check that the port is served: one `AT`, one OK."""
        with self.simulator.module(timeout_s=60) as module:
            module.send("AT")
            module.read_until(b"\r\nOK\r\n")
