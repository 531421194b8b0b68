"""Echo requests and mDNS of the imitated chip: the supervisor's world has the other hosts."""

import _sim
import simbus


def ping(address, timeout_ms):
    _sim.fault("atchip.ping")
    simbus.call("ping", address=address, timeout_ms=timeout_ms)


def mdns_start(host, instance, service, proto, port, txt):
    _sim.fault("atchip.mdns_start")
    simbus.call(
        "mdns_start",
        host=host,
        instance=instance,
        service=service,
        proto=proto,
        port=port,
        txt=txt,
    )


def mdns_stop():
    _sim.fault("atchip.mdns_stop")
    simbus.call("mdns_stop")
