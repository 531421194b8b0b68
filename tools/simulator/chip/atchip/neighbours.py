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


def mdns_query(name, service, proto, kind, timeout_ms, most):
    _sim.fault("atchip.mdns_query")
    simbus.call(
        "mdns_query",
        name=name,
        service=service,
        proto=proto,
        kind=kind,
        timeout_ms=timeout_ms,
        most=most,
    )


def mdns_next():
    record = simbus.call("mdns_next").get("record")
    if not record:
        return record if record is None else ()
    interface, family, instance, host, port, txt, addresses = record
    txt = [(key.encode(), value.encode()) for key, value in txt]
    return interface, family, _bytes(instance), _bytes(host), port, txt, addresses


def _bytes(text):
    return None if text is None else text.encode()


def mdns_end():
    simbus.call("mdns_end")


def mdns_stop():
    _sim.fault("atchip.mdns_stop")
    simbus.call("mdns_stop")
