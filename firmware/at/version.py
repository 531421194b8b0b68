"""The versions that AT+GMR reports. Libraries compare CORE with four numbers."""

CORE = "3.4.0.0"  # the command set we implement
BIN = "1.0.0"  # this firmware
