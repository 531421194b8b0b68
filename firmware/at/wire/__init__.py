"""Functions and state machines on bytes: no I/O, no clock, no await."""
