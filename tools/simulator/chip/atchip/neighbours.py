"""Echo requests and mDNS of the imitated chip: the supervisor's world has the other hosts."""

import simbus


def ping(address, timeout_ms):
    simbus.call("ping", address=address, timeout_ms=timeout_ms)


def mdns_start(host, instance, service, proto, port, txt):
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
    simbus.call("mdns_stop")
