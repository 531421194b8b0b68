"""Fuzzing of a simulated module through its serial port.

bursts makes the input, drive sends it and judges what the module does, __main__ is the command.
"""
