"""What the ESP32 port does at power-up: take the PC's files away, run _boot.py, then main.py."""

import _sim  # noqa: F401 - prepares the process
import vfs

vfs.umount("/")
import _boot  # noqa: E402, F401
import main  # noqa: E402, F401
