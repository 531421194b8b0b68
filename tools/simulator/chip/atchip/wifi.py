"""Wi-Fi and network interfaces of the imitated chip: every call is a question to the supervisor.

There the driver lives (tools/simulator/wifi/driver.py). Here is one function for all calls, found
when its name is asked for, because on the chip they cost no heap either.
"""

import json

import _sim
import simbus

CALLS = (
    "wifi_init",
    "wifi_deinit",
    "wifi_connect",
    "wifi_disconnect",
    "wifi_ap_info",
    "wifi_scan",
    "wifi_scan_next",
    "wifi_scan_stop",
    "wifi_mac",
    "wifi_protocol",
    "wifi_inactive",
    "wifi_bandwidth",
    "rf_forget",
    "wifi_country",
    "softap_config",
    "softap_stations",
    "softap_deauth",
    "ip_info",
    "ip_static",
    "ip_dns",
    "ip6_linklocal",
    "ip6_address",
    "dhcp",
    "dhcp_pool",
    "dhcp_pool_set",
    "hostname",
    "smartconfig_start",
    "smartconfig_stop",
    "smartconfig_result",
    "wps_start",
    "wps_stop",
    "wps_credentials",
    "eap_identity",
    "eap_username",
    "eap_password",
    "eap_ca",
    "eap_certificate",
    "eap_enable",
    "eap_disable",
)


is_initialised = False  # the driver
_due = None  # the text of an event
_has_ip = [False, False]  # station, softAP: whether sockets find a network


def event():
    """Return the next event as a tuple, or None; one that finds no memory stays the next."""
    global _due
    _due = _due or _sim.event()
    if _due is None:
        return None
    news = tuple(json.loads(_due)["ev"])
    if news[0] in ("sta_got_ip", "sta_lost_ip", "sta_disconnected"):
        _note(0, news[0] == "sta_got_ip")
    _due = None
    return news


def _note(interface, has_ip):
    _has_ip[interface] = has_ip
    _sim.network(any(_has_ip))


def call(name, *args):
    """Ask the driver; bytes travel as {"hex": text}."""
    _sim.fault("atchip." + name)
    answer = ask(name, *args)
    _sim.fail(answer.get("esp_err", 0))
    return _value(answer["value"])


def ask(name, *args):
    """Return the driver's answer as it comes."""
    global is_initialised
    if name == "wifi_active" and args[1] is not None and (args[0] == 1 or not args[1]):
        _note(*args)
    args = [{"hex": arg.hex()} if isinstance(arg, bytes) else arg for arg in args]
    answer = simbus.ask("wifi", name=name, args=args)
    if "esp_err" not in answer:
        if name in ("wifi_init", "wifi_deinit"):
            is_initialised = name == "wifi_init"
        elif name == "ip_static" and answer["value"]:  # in force before the event tells
            _note(0, True)
            answer["value"] = None
    return answer


def _value(value):
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    if isinstance(value, list):
        return tuple([_value(each) for each in value])
    return value
