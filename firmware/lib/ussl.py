"""The name by which older libraries, umqtt.simple among them, import `ssl`."""

from ssl import *  # noqa: F403
