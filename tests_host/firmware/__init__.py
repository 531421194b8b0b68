"""firmware/at: the protocol under CPython, services and conversations in the real build."""
