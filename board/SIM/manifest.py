"""Nothing is frozen in MicroPython's way: tools/build/rom puts the application into the image."""
