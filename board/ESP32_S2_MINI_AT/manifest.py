"""What is frozen into the chip's firmware: the application, its libraries and its own _boot.py.

Nothing of the ESP32 port's own list: that has drivers and tools an AT module has no use for.
"""

include("../../firmware/manifest.py")
