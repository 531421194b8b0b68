"""Nothing is frozen in MicroPython's way: see tools/build/rom for how the application gets in."""
