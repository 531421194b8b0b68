"""The command groups, one file each, in the order in which AT+CMD? lists them.

Prefixes are the chapters of the manual: wifi_, tcpip_, names_, mqtt_, http_ and driver_ continue
the group of that name; the others stand for themselves. payload.py is what groups with a payload
share.
"""

from at.command import close

GROUPS = (
    "basic",
    "uart",
    "filters",
    "storage",
    "wifi",
    "wifi_scan",
    "wifi_softap",
    "wifi_net",
    "wifi_provision",
    "tcpip",
    "tcpip_send",
    "tcpip_recv",
    "tcpip_server",
    "tcpip_tls",
    "names",
    "names_mdns",
    "update",
    "mqtt",
    "mqtt_publish",
    "http",
    "http_upload",
    "websocket",
    "files",
    "webserver",
    "signaling",
    "driver",
    "driver_i2c",
    "driver_spi",
    "user",
    "aithinker",
)

for _name in GROUPS:
    __import__("at.commands." + _name)
close()
