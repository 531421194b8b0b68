"""The imitated radio: ESP-IDF's Wi-Fi driver and network interfaces, and the air around them.

What the firmware calls is firmware/typings/atchip.pyi; driver.py answers it. The air is the
world's list of access points and stations (tools/simulator/world.py).
"""
