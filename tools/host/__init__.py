"""The other end of the UART: a host that speaks to a module, and the simulator it starts."""
