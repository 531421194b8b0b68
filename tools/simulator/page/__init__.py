"""The simulated module in a browser: what it does, its world, a terminal. `tools/atsim --web`."""
