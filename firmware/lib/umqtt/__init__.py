"""The package that umqtt.simple lives in, so that it finds our sockets.

It imports `usocket`, by which MicroPython means the port's built-in module, unless that name is
loaded already.
"""

import socket
import sys

sys.modules["usocket"] = socket
