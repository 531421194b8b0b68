"""The C of firmware/: its core under sanitizers, modules and network layer in the real build."""
