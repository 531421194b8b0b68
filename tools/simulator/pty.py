"""The pty that stands for UART1, and the symlink under which host programs find it."""

import os
import termios
import tty
from pathlib import Path

from tools.simulator.errors import SimulatorError
from tools.simulator.names import hold_path


class Pty:
    """Both ends of a pty in raw mode. The slave end stays open, so no hang-up is ever seen."""

    def __init__(self, link: Path) -> None:
        if link.exists() and not link.is_symlink():
            raise SimulatorError(f"{link} exists and is no link to a pty; it is left alone")
        link.parent.mkdir(parents=True, exist_ok=True)
        self._holder = hold_path(link, "--link")
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        os.set_blocking(self.master, False)
        self.link = link
        self.target = os.ttyname(self._slave)
        # Replaced in one go: the link never dangles, not even one from a run that was killed.
        scratch = link.with_name(f"{link.name}.{os.getpid()}")
        scratch.symlink_to(self.target)
        scratch.replace(link)

    def drop_input(self) -> None:
        """Forget what the host sent while no firmware ran."""
        try:
            while os.read(self.master, 4096):
                pass
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Remove the link and let host programs see the end."""
        if self.link.is_symlink() and os.readlink(self.link) == self.target:
            self.link.unlink()
        os.close(self.master)
        os.close(self._slave)
        self._holder.close()
