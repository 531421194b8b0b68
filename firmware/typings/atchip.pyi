"""The C module `atchip`: what `network`, `esp32` and `machine` do not offer of the chip.

On the chip it is firmware/atchip (C, ESP-IDF); elsewhere it is imitated call for call.
A failing ESP-IDF call raises OSError as the ESP32 port does: args[0]
is the negative esp_err_t (or an errno for the few that have one), args[1] its name, for example
"ESP_ERR_NVS_NOT_FOUND". Wrong argument types raise TypeError, wrong values ValueError.
"""

from typing import NoReturn

Buffer = bytes | bytearray | memoryview

# The running image and the chip's state.

def board() -> tuple[int, int, int, int, int]:
    """Return what the image was built for.

    (chip, as esp_chip_id_t in images has it: 2 ESP32-S2, 5 ESP32-C3; GPIO of the AT port's TX, RX,
    CTS and RTS)
    """

def versions() -> tuple[str, str, str, str]:
    """Return what the running image says of itself.

    (ESP-IDF version, version, build date "Nov 21 2026", build time "10:11:12")
    """

def heap() -> tuple[int, int]:
    """Return free bytes and the lowest since start, of system heap and GC heap together."""

def reset_reason() -> int:
    """Return esp_reset_reason_t: 1 power-on, 3 reset, 4 crash, 6 watchdog, 8 deep sleep."""

def event() -> tuple | None:
    """Return the next event of the chip, or None; atlink.wait's source EVENT says when.

    ("gpio", pin, level): an input has changed.

    ("ping", ms): the answer to ping(); -1: none came.

    Wi-Fi, from handlers on WIFI_EVENT, IP_EVENT and SC_EVENT:
    ("scan_done", status): 0 is success.
    ("sta_connected",), ("sta_disconnected", reason): reason is a wifi_err_reason_t; it comes as
    well when connecting failed, and after wifi_disconnect() with 8 (ASSOC_LEAVE).
    ("sta_got_ip", is_new): is_new as ip_changed of ip_event_got_ip_t. ("sta_lost_ip",)
    ("sta_got_ip6", is_global): IP_EVENT_GOT_IP6 of the station; False is link-local.
    ("ap_connected", mac), ("ap_leased", mac, ip), ("ap_disconnected", mac): text in lower case.
    ("sc_credentials",): smartconfig_result() has them. ("sc_acknowledged",)
    ("wps_success",): wps_credentials() has them. ("wps_failed", text): time-out or overlap too.
    """

# The clock.

def clock() -> int:
    """Return seconds since 1970, UTC. Starts at 0 at power-on, survives reset and deep sleep."""

def clock_set(unix_seconds: int) -> None:
    """Set the clock."""

# Non-volatile storage of any partition, by label: "nvs" or "mfg_nvs". Types are those of
# AT+SYSMFG: 1 u8, 2 i8, 3 u16, 4 i16, 5 u32, 6 i32, 7 string, 8 blob; 0 stands for an integer of
# 64 bits, which AT has not.

def nvs_namespaces(partition: str) -> list[str]:
    """Return the namespaces that hold a value. ESP_ERR_NVS_PART_NOT_FOUND."""

def nvs_keys(partition: str, namespace: str, skip: int) -> list[tuple[str, int]]:
    """Return (key, type) of up to 16 values behind the first `skip`; [] at the end.

    ESP_ERR_NVS_NOT_FOUND without such a namespace.
    """

def nvs_get(partition: str, namespace: str, key: str) -> tuple[int, int | bytes]:
    """Return (type, value), a string as bytes without its NUL. ESP_ERR_NVS_NOT_FOUND."""

def nvs_set(
    partition: str, namespace: str, key: str, type: int, value: int | Buffer | str, /
) -> None:
    """Store a value; another one of that key is replaced, whatever its type.

    ESP_ERR_NVS_NOT_ENOUGH_SPACE keeps the old value; ESP_ERR_NVS_VALUE_TOO_LONG (a string has up
    to 3999 bytes); ESP_ERR_NVS_KEY_TOO_LONG (15 characters); ESP_ERR_NVS_INVALID_NAME (empty);
    ValueError if an integer does not fit its type or a string holds a NUL.
    """

def nvs_erase(partition: str, namespace: str, key: str | None) -> None:
    """Erase one key, or all of a namespace (key None). ESP_ERR_NVS_NOT_FOUND."""

def nvs_close(partition: str) -> None:
    """Let go of a partition before its flash is written directly; the next call opens it anew."""

# Memory of the system heap, not of the GC heap.

def ram_alloc(size: int) -> memoryview:
    """Return `size` zero bytes. ESP_ERR_NO_MEM if there is no such block."""

def ram_free(buffer: memoryview) -> None:
    """Give a block back; the view of it is empty afterwards. Slices of it must not be used."""

def ram_figures(caps: int, /) -> tuple[int, int, int, int]:
    """Return (largest free block, free, lowest free so far, total) of memory of a kind.

    `caps` are bits MALLOC_CAP_* that it must all have: heap_caps_get_free_size and its kin.
    """

def ram_largest() -> int:
    """Return the size of the largest block ram_alloc() could give now."""

# Power.

def tx_power(quarter_dbm: int | None = None) -> int:
    """Set (if given) and return the maximum transmit power, in units of 0.25 dBm.

    ESP_ERR_WIFI_NOT_STARTED without a started driver.
    """

def power_save(mode: int, listen_interval: int) -> None:
    """Set the sleep mode of AT+SLEEP.

    0 none, 1 modem by DTIM, 2 light, 3 modem by listen interval (in beacons).
    """

def wake_gpio(pin: int, level: int) -> None:
    """Let this level at this pin end light sleep. ESP_ERR_INVALID_ARG if there is no such pin."""

def pin_awake(pin: int, on: bool) -> None:
    """Let a pin keep what drives it while the chip sleeps by itself (mode 2 of power_save()).

    Others are cut off then, and float. ESP_ERR_INVALID_ARG if there is no such pin.
    """

def deep_sleep(ms: int) -> NoReturn:
    """Sleep for 0 to 2147483647 ms, then start afresh. What has not left the UART is lost."""

# Wi-Fi. `network.WLAN` initialises the driver and starts and stops the interfaces; all else is
# here.
# Interfaces: 0 station, 1 softAP (WIFI_IF_STA, WIFI_IF_AP). MAC addresses are text in lower case
# with colons, IPv4 addresses dotted text. Any call may raise ESP_ERR_WIFI_NOT_INIT or
# ESP_ERR_WIFI_NOT_STARTED.

def wifi_init() -> None:
    """Initialise the driver again after wifi_deinit(): esp_wifi_init, storage in RAM."""

def wifi_deinit() -> None:
    """Free the driver. ESP_ERR_WIFI_NOT_STOPPED while an interface is active."""

def wifi_connect(
    ssid: bytes,
    password: bytes,
    bssid: str | None,
    listen_interval: int,
    all_channels: bool,
    authmode_floor: int,
    pmf: int,
    rssi: int,
    first_channel: int,
    /,
) -> None:
    """Configure the station and begin to connect: esp_wifi_set_config, esp_wifi_connect.

    `all_channels` takes the strongest instead of the first; `authmode_floor` is a
    wifi_auth_mode_t; `pmf` is bit 0 capable, bit 1 required; `rssi` is the weakest
    signal that will do, `first_channel` where to look first, 0 anywhere. Reconnection is left
    to the caller.
    ESP_ERR_WIFI_STATE while scanning, connecting or connected; ESP_ERR_WIFI_SSID.
    """

def wifi_disconnect() -> None:
    """Leave, or give up connecting; an event says when that is done, if there was anything."""

def wifi_ap_info() -> tuple[bytes, str, int, int]:
    """Return (SSID, BSSID, channel, RSSI) of the access point. ESP_ERR_WIFI_NOT_CONNECT."""

def wifi_scan(
    ssid: bytes | None,
    bssid: str | None,
    channel: int,
    passive: bool,
    min_ms: int,
    max_ms: int,
    channels: int,
    /,
) -> None:
    """Begin a scan, hidden access points included: esp_wifi_scan_start, not blocking.

    None, channel 0 and channels 0 filter nothing; bit n of `channels` is channel n. 0 ms is the
    driver's own time. ESP_ERR_WIFI_STATE while
    connecting.
    """

def wifi_scan_next() -> tuple[int, bytes, int, str, int, int, int, int, int] | None:
    """Take the strongest record that is left; None, and the driver's list is free, at the end.

    (authmode, SSID, RSSI, BSSID, channel, pairwise cipher, group cipher, b/g/n bits, WPS).
    """

def wifi_scan_stop() -> None:
    """End a scan and free its records: esp_wifi_scan_stop, esp_wifi_clear_ap_list."""

def wifi_mac(interface: int, mac: str | None = None, /) -> str:
    """Set (if given, while the interface is not active) and return a MAC address.

    ESP_ERR_WIFI_IF while it is active; ESP_ERR_WIFI_MAC for a group address, or the other
    interface's.
    """

def wifi_protocol(interface: int, bits: int | None = None, /) -> int:
    """Set (if given) and return the protocols: 1 b, 3 bg, 7 bgn. ESP_ERR_INVALID_ARG."""

def wifi_inactive(interface: int, seconds: int = ..., /) -> int:
    """Set, if given, and return the silence after which the other side is given up.

    esp_wifi_set_inactive_time; ESP_ERR_WIFI_IF while the interface is off.
    """

def wifi_bandwidth(interface: int, bandwidth: int = ..., /) -> int:
    """Set, if given, and return the bandwidth: 1 for 20 MHz, 2 for 40 MHz, which needs 802.11n.

    esp_wifi_set_bandwidth; ESP_ERR_WIFI_IF while the interface is off.
    """

def rf_forget() -> None:
    """Erase the calibration that is kept of the radio: esp_phy_erase_cal_data_in_nvs."""

def wifi_country(*country: int | str) -> tuple[int, str, int, int]:
    """Set (if given) and return (policy, code, first channel, number of channels).

    policy: 0 as the access point says, 1 as set. ESP_ERR_INVALID_ARG.
    """

def softap_config(
    ssid: bytes, password: bytes, channel: int, authmode: int, most: int, hidden: int, /
) -> None:
    """Configure the softAP, which throws its stations out: esp_wifi_set_config.

    ESP_ERR_WIFI_PASSWORD unless 8 to 63 bytes, ESP_ERR_WIFI_SSID, ESP_ERR_INVALID_ARG for a
    channel that the country has not or more than 15 stations, ESP_ERR_WIFI_MODE if it is off.
    """

def softap_stations() -> tuple[tuple[str, str], ...]:
    """Return (MAC, IPv4 address by DHCP, or 0.0.0.0) of each: esp_wifi_ap_get_sta_list_with_ip."""

def softap_deauth(mac: str | None) -> None:
    """Throw one station out, or all: esp_wifi_ap_get_sta_aid, esp_wifi_deauth_sta."""

def smartconfig_start(kind: int, key: bytes | None) -> None:
    """Listen: 1 ESP-TOUCH, 2 AirKiss, 3 both, 4 ESP-TOUCH v2, with a key of 16 bytes or none.

    esp_smartconfig_set_type, esp_smartconfig_start. ESP_ERR_INVALID_STATE if it runs.
    """

def smartconfig_stop() -> None:
    """Listen no longer and free its memory."""

def smartconfig_result() -> tuple[int, bytes, bytes, str | None, bytes]:
    """Return (kind 1, 2 or 4, SSID, password, BSSID or None, reserved data of v2)."""

def wps_start() -> None:
    """Begin WPS by push button: esp_wifi_wps_enable, esp_wifi_wps_start."""

def wps_stop() -> None:
    """End WPS: esp_wifi_wps_disable."""

def wps_credentials() -> tuple[tuple[bytes, bytes], ...]:
    """Return the (SSID, password) pairs that came, or else what the driver itself took over.

    ESP_ERR_INVALID_STATE before wps_success.
    """

# Enterprise networks: esp_eap_client_*. The chip keeps copies until eap_disable().

def eap_identity(identity: bytes) -> None:
    """Set the identity of phase 1."""

def eap_username(username: bytes) -> None:
    """Set the user name of phase 2."""

def eap_password(password: bytes) -> None:
    """Set the password of phase 2."""

def eap_ca(pem: bytes) -> None:
    """Set the authority that the server's certificate must come from; none: not checked."""

def eap_certificate(certificate: bytes, key: bytes) -> None:
    """Set the client's certificate and key, PEM."""

def eap_enable(method: int) -> None:
    """Use EAP from the next connection on: 0 TLS, 1 PEAP, 2 TTLS with MSCHAPv2 inside."""

def eap_disable() -> None:
    """Use it no longer and forget all of the above: esp_wifi_sta_enterprise_disable."""

# Network interfaces: esp_netif_*.

def ip_info(interface: int) -> tuple[str, str, str]:
    """Return (address, netmask, gateway); 0.0.0.0 for none."""

def ip_static(interface: int, ip: str, mask: str, gateway: str) -> None:
    """Use an address. ESP_ERR_ESP_NETIF_DHCP_NOT_STOPPED while DHCP of the interface is on."""

def ip_dns() -> tuple[str, ...]:
    """Return the name servers that the station's DHCP client was given, best first."""

def dhcp(interface: int, on: bool) -> None:
    """Start or stop the station's DHCP client or the softAP's DHCP server; both begin started.

    Starting the client drops a static address; stopping it gives the lease back.
    """

def dhcp_pool() -> tuple[int, str, str]:
    """Return (lease time in minutes, first, last address) of the softAP's DHCP server."""

def dhcp_pool_set(lease_min: int, first: str | None, last: str | None) -> None:
    """Set them: esp_netif_dhcps_option, with the server stopped meanwhile. 0 minutes: built-in.

    Leases are forgotten. ESP_ERR_INVALID_ARG unless the pool has 2 to 100 addresses of hosts in
    the softAP's network, without its own.
    """

def ip6_linklocal(interface: int) -> None:
    """Make a link-local address; a router's prefix then gives a global one."""

def ip6_address(interface: int, kind: int) -> str | None:
    """Return the link-local (0) or global (1) address, None if there is none."""

def hostname(name: str | None = None) -> str:
    """Set (if given) and return the name that the station tells DHCP servers: up to 32 bytes."""

# Neighbours in the network: esp_ping, and the mDNS component.

def ping(address: str, timeout_ms: int) -> None:
    """Send one echo request to a numeric address; the event ("ping", ms) follows in any case.

    One at a time: esp_ping_new_session with count 1. ESP_ERR_INVALID_STATE while one is under way.
    """

def mdns_start(
    host: str,
    instance: str,
    service: str,
    proto: str,
    port: int,
    txt: tuple[tuple[str, str], ...],
) -> None:
    """Announce `host`.local and one service ("_iot", "_tcp") on all interfaces, now and later.

    mdns_init, mdns_hostname_set, mdns_service_add. ESP_ERR_INVALID_ARG, ESP_ERR_NO_MEM,
    ESP_ERR_INVALID_STATE while a service is announced.
    """

def mdns_stop() -> None:
    """Take the announcement back and free the memory: mdns_free, which says good-bye."""

def mdns_query(
    name: str | None,
    service: str | None,
    proto: str | None,
    kind: int,
    timeout_ms: int,
    most: int,
    /,
) -> None:
    """Begin to look for records of a kind (as DNS numbers them): mdns_query_async_new.

    ESP_ERR_NO_MEM; ESP_ERR_INVALID_STATE while one that was given up still runs.
    """

def mdns_next() -> (
    tuple[int, int, bytes | None, bytes | None, int, list[tuple[bytes, bytes]], list[str]]
    | tuple[()]
    | None
):
    """Return what was found, one at a time; () behind the last, None while it is looked for.

    (1 station or 2 softAP, 0 IPv4 or 1 IPv6, instance, host, port, TXT items, addresses).
    """

def mdns_end() -> None:
    """Free what mdns_query() took."""

# PWM, I2C and SPI: what `machine` lacks. Pins are GPIO numbers which the caller has checked and
# releases again with machine.Pin(n, machine.Pin.IN, None).

def pwm_start(frequency: int, bits: int, pins: tuple[int, ...]) -> None:
    """Put PWM of duty 0 on up to four pins, the channels 0 to 3 of the calls below.

    One LEDC timer of 1 to 8000000 Hz and 1 to 14 bits for all; timer 3 and channels 4 to 7 of the
    chip, because machine.PWM begins with the first: ledc_timer_config with LEDC_AUTO_CLK,
    ledc_channel_config, ledc_fade_func_install. Only after pwm_stop() if it runs already.
    ESP_FAIL if no divider makes this frequency with so many bits; no pin is touched then.
    """

def pwm_duty(channel: int, duty: int | None = None) -> int:
    """Set (if given, at once) and return the duty of a channel, 0 to 2 ** bits (always high).

    A fade ends: ledc_fade_stop, ledc_set_duty, ledc_update_duty; ledc_get_duty. The counter does
    not reach 2 ** 14: that is set as 16383, followed by ledc_stop with idle level 1. It is
    returned as 16384 all the same.
    """

def pwm_fade(channel: int, duty: int, scale: int, cycles: int) -> None:
    """Let the hardware go from the present duty to `duty`; does not wait.

    It changes by `scale` every `cycles` periods, both 1 to 1023: ledc_fade_stop,
    ledc_set_fade_with_step, ledc_fade_start with LEDC_FADE_NO_WAIT.
    """

def pwm_stop() -> None:
    """Leave all channels at a low level, free the timer; nothing if there is no PWM.

    ledc_fade_stop, ledc_stop, ledc_timer_pause, ledc_timer_config with deconfigure.
    """

def i2c_stop(port: int) -> None:
    """Free the driver that machine.I2C(port) installed: i2c_driver_delete; errors are ignored."""

def spi_start(
    frequency: int, mode: int, lsb: int, has_dma: bool, mosi: int, miso: int, sclk: int, cs: int, /
) -> None:
    """Start the master of SPI2: spi_bus_initialize, spi_bus_add_device.

    The clock is the nearest possible to `frequency` (Hz); `mode` 0 to 3; `lsb` bit 0:
    SPI_DEVICE_TXBIT_LSBFIRST, bit 1: SPI_DEVICE_RXBIT_LSBFIRST; `miso` and `cs` -1 for none.
    SPI_DEVICE_HALFDUPLEX, max_transfer_sz 4092, SPI_DMA_CH_AUTO or SPI_DMA_DISABLED.
    ESP_ERR_INVALID_STATE if somebody has SPI2 already; ESP_ERR_NO_MEM.
    """

def spi_transfer(
    command: int,
    command_bits: int,
    address: int,
    address_bits: int,
    write: Buffer | None,
    read: bytearray | memoryview | None,
    has_more: bool,
    /,
) -> None:
    """Send a command (0 to 16 bits) and an address (0 to 32 bits), then write or read data.

    Not both; None for no data. With `has_more` the device stays selected for the next call:
    spi_device_acquire_bus, SPI_TRANS_CS_KEEP_ACTIVE; a call without it, or an error, lets go.
    spi_device_transmit with spi_transaction_ext_t, SPI_TRANS_VARIABLE_CMD and
    SPI_TRANS_VARIABLE_ADDR. ESP_ERR_INVALID_STATE before spi_start(), ESP_ERR_INVALID_ARG for
    phases or data that are too long.
    """

def spi_stop() -> None:
    """Free SPI2: spi_bus_remove_device, spi_bus_free; nothing if it is not started."""
