"""The command groups, one file each, in the order in which AT+CMD? lists them."""

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
    "update",
    "mqtt",
    "mqtt_publish",
    "user",
)
