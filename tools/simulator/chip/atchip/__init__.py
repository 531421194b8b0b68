"""Imitated `atchip`: what `network` and `esp32` do not offer of the chip.

The interface is firmware/typings/atchip.pyi. A subject of its own gets a file of its own in this
package; what costs nothing but a name comes straight from the C module.
"""

import _sim
from atchip import wifi
from atchip.neighbours import (  # noqa: F401
    mdns_end,
    mdns_next,
    mdns_query,
    mdns_start,
    mdns_stop,
    ping,
)
from atchip.power import (  # noqa: F401
    clock,
    clock_set,
    deep_sleep,
    pin_awake,
    power_save,
    tx_power,
    wake_gpio,
)

_OF_THE_PROCESS = (
    "heap",
    "nvs_close",
    "nvs_erase",
    "nvs_get",
    "nvs_keys",
    "nvs_namespaces",
    "nvs_set",
    "ram_alloc",
    "ram_figures",
    "ram_free",
    "ram_largest",
    "reset_reason",
    "versions",
)


def __getattr__(name):
    """Return a call that the supervisor answers. AttributeError if the chip has none."""
    if name in _OF_THE_PROCESS:
        return getattr(_sim, name)
    if name in wifi.CALLS:
        return lambda *args: wifi.call(name, *args)
    from atchip.wires import find

    return find(name)


def board():
    """Return what the image was built for: the first board."""
    return 2, 17, 21, 20, 19


def event():
    """Return the next event of the chip as a tuple, or None."""
    return wifi.event()
