"""What is wired to the module's pins: who looks at its PWM, and the devices on its buses.

What the firmware calls is firmware/typings/atchip.pyi and `machine` of the ESP32 port.
"""
