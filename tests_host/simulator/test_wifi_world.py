"""The imitated Wi-Fi driver and the air around it: events, errors and times as on the chip."""

import pytest

from tests_host.simulator.wifichip import LEASE, Chip
from tools.simulator.errors import CommandError, WorldError
from tools.simulator.wifi import errors as esp


@pytest.fixture
def chip(tmp_path):
    """Return a chip whose station is on."""
    made = Chip(tmp_path)
    made("wifi_init")
    made("wifi_active", 0, True)
    return made


JOINED = [("sta_connected",), ("sta_got_ip", True)]


# Driver.


def test_nothing_works_before_the_driver_is_initialised(tmp_path):
    chip = Chip(tmp_path)
    assert chip.fails("wifi_scan", None, None, 0, False, 0, 0, 0) == esp.NOT_INIT
    chip("wifi_init")
    assert chip.fails("wifi_scan", None, None, 0, False, 0, 0, 0) == esp.NOT_STARTED
    assert chip("wifi_active", 0, True) is True
    assert chip.is_started
    assert chip.fails("wifi_deinit") == esp.NOT_STOPPED
    chip("wifi_active", 0, False)
    chip("wifi_deinit")
    assert not chip.is_started
    assert chip.fails("wifi_active", 0, True) == esp.NOT_INIT


def test_a_restart_forgets_what_was_set(chip):
    chip("wifi_country", 1, "US", 1, 11)
    chip("hostname", "other")
    chip.driver.restart()
    chip("wifi_init")
    assert chip("wifi_country") == [0, "CN", 1, 13]
    assert chip("hostname") == "espressif"
    assert chip("wifi_active", 0) is False


def test_mac_addresses(chip):
    assert chip("wifi_mac", 0) == "7c:df:a1:00:00:10"
    assert chip("wifi_mac", 1) == "7c:df:a1:00:00:11"
    assert chip.fails("wifi_mac", 0, "7c:df:a1:00:00:20") == esp.WRONG_INTERFACE
    assert chip.fails("wifi_mac", 1, "7d:df:a1:00:00:20") == esp.BAD_MAC
    assert chip.fails("wifi_mac", 1, "7c:df:a1:00:00:10") == esp.BAD_MAC
    assert chip("wifi_mac", 1, "7c:df:a1:00:00:20") == "7c:df:a1:00:00:20"


def test_country_and_protocols_are_checked(chip):
    assert chip.fails("wifi_country", 1, "CN", 5, 13) == esp.INVALID_ARG
    assert chip.fails("wifi_protocol", 0, 2) == esp.INVALID_ARG
    assert chip("wifi_protocol", 0, 3) == 3
    assert chip.fails("no_such_call") == esp.NOT_FOUND


# Station.


def test_join_and_leave(chip):
    assert chip.connect("home", "secret 1") == JOINED
    ssid = {"hex": b"home".hex()}
    assert chip("wifi_ap_info") == [ssid, "ca:d7:19:00:00:01", 6, -50]
    assert chip("ip_info", 0) == list(LEASE)
    assert chip("ip_dns") == ["127.0.0.1"]
    connect = ("wifi_connect", b"home", b"secret 1", None, 3, False, 0, 1)
    assert chip.fails(*connect) == esp.WRONG_STATE
    chip("wifi_disconnect")
    assert chip.events() == [("sta_disconnected", esp.ASSOC_LEAVE)]
    assert chip("ip_info", 0) == ["0.0.0.0"] * 3
    assert chip.fails("wifi_ap_info") == esp.NOT_CONNECTED
    chip("wifi_disconnect")
    assert chip.events() == []


def test_strongest_and_named_twin(chip):
    assert chip.connect("home", "secret 1", all_channels=True) == JOINED
    assert chip("wifi_ap_info")[1] == "ca:d7:19:00:00:02"
    chip("wifi_disconnect")
    chip.events()
    assert chip.connect("home", "secret 1", bssid="ca:d7:19:00:00:02") == JOINED
    assert chip("wifi_ap_info")[2] == 11


@pytest.mark.parametrize(
    ("ssid", "password", "options", "reason"),
    [
        ("home", "secret 2", {}, esp.HANDSHAKE_TIMEOUT),
        ("home", "", {}, esp.NO_COMPATIBLE_SECURITY),
        ("nowhere", "", {}, esp.NO_AP_FOUND),
        ("far", "", {}, esp.NO_AP_FOUND),  # channel 14, which the country has not
        ("mute", "", {"floor": 2}, esp.BELOW_AUTHMODE_FLOOR),
        ("mute", "", {"pmf": 3}, esp.NO_COMPATIBLE_SECURITY),
    ],
)
def test_refusals(chip, ssid, password, options, reason):
    assert chip.connect(ssid, password, **options) == [("sta_disconnected", reason)]


def test_the_country_opens_channels(chip):
    chip("wifi_country", 1, "JP", 1, 14)
    assert chip.connect("far") == JOINED


def test_giving_up_while_connecting(chip):
    chip("wifi_connect", b"home", b"secret 1", None, 3, False, 0, 1)
    assert chip.fails("wifi_scan", None, None, 0, False, 0, 0, 0) == esp.WRONG_STATE
    chip("wifi_disconnect")
    assert chip.events() == [("sta_disconnected", esp.ASSOC_LEAVE)]


def test_access_point_goes_and_comes(chip):
    chip.connect("mute")
    chip.act("ap_down", ssid="mute")
    assert chip.events(0.2) == []
    chip.act("ap_up", ssid="mute")  # before anybody noticed
    assert chip.events() == []
    chip.act("ap_rssi", ssid="mute", rssi=-100)
    assert chip.events() == [("sta_disconnected", esp.BEACON_TIMEOUT)]
    assert chip.connect("mute") == [("sta_disconnected", esp.NO_AP_FOUND)]


def test_one_of_two_twins_goes(chip):
    chip.connect("home", "secret 1")
    chip.act("ap_down", ssid="home", bssid="ca:d7:19:00:00:02")
    assert chip.events() == []
    chip.act("ap_down", ssid="home", bssid="ca:d7:19:00:00:01")
    assert chip.events() == [("sta_disconnected", esp.BEACON_TIMEOUT)]


def test_scan_filters_and_order(chip):
    chip("wifi_scan", None, None, 0, False, 0, 0, 0)
    assert chip.fails("wifi_scan", None, None, 0, False, 0, 0, 0) == esp.WRONG_STATE
    assert chip.events() == [("scan_done", 0)]
    strengths = []
    while record := chip("wifi_scan_next"):
        strengths.append(record[2])
    assert strengths == sorted(strengths, reverse=True)
    assert len(strengths) == 3
    chip("wifi_scan", b"home", "ca:d7:19:00:00:02", 11, True, 0, 0, 0)
    chip.events()
    assert chip("wifi_scan_next")[:5] == [3, {"hex": b"home".hex()}, -40, "ca:d7:19:00:00:02", 11]
    assert chip("wifi_scan_next") is None
    assert chip.fails("wifi_scan", None, None, 0, False, 500, 400, 0) == esp.INVALID_ARG


# Addresses.


def test_dhcp_that_does_not_answer(chip):
    assert chip.connect("mute") == [("sta_connected",)]
    assert chip("ip_info", 0)[0] == "0.0.0.0"


def test_static_address(chip):
    assert chip.fails("ip_static", 0, "10.0.0.7", "255.255.255.0", "10.0.0.1") == 0x5007
    chip("dhcp", 0, False)
    chip("ip_static", 0, "10.0.0.7", "255.255.255.0", "10.0.0.1")
    assert chip.connect("home", "secret 1") == [("sta_connected",), ("sta_got_ip", False)]
    chip("ip_static", 0, "10.0.0.8", "255.255.255.0", "10.0.0.1")
    assert chip.events() == [("sta_got_ip", True)]
    assert chip("ip_dns") == []
    chip("dhcp", 0, True)
    assert chip.events() == [("sta_got_ip", True)]
    chip("dhcp", 0, False)
    assert chip.events(119) == []
    assert chip.events() == [("sta_lost_ip",)]


@pytest.mark.parametrize("seconds", [10, 300])
def test_an_address_is_lost_two_minutes_after_the_access_point(chip, seconds):
    """As esp_netif counts; who is back before that has lost nothing."""
    chip.connect("home", "secret 1")
    chip.act("ap_down", ssid="home")
    lost = [event for event in chip.events(seconds) if event[0] == "sta_lost_ip"]
    assert lost == ([("sta_lost_ip",)] if seconds > 120 else [])
    assert chip("ip_info", 0)[0] == "0.0.0.0", "what it has it loses with the link"
    chip.act("ap_up", ssid="home")
    assert chip.connect("home", "secret 1")[-1] == ("sta_got_ip", True)
    assert chip.events(300) == []


def test_ipv6_needs_a_link_and_for_global_a_prefix(chip):
    chip("ip6_linklocal", 0)
    assert chip.events() == []
    chip.connect("home", "secret 1")
    chip("ip6_linklocal", 0)
    assert chip.events() == [("sta_got_ip6", False), ("sta_got_ip6", True)]
    assert chip("ip6_address", 0, 0) == "fe80::7edf:a1ff:fe00:10"
    assert chip("ip6_address", 0, 1) == "2001:db8::7edf:a1ff:fe00:10"
    chip("wifi_disconnect")
    assert chip("ip6_address", 0, 0) is None


# SoftAP.


@pytest.fixture
def softap(chip):
    """Return a chip whose softAP is on as well."""
    chip("wifi_active", 1, True)
    return chip


MAC = "24:0a:c4:00:00:01"


def test_station_comes_and_goes(softap):
    softap.act("station_join", mac=MAC)
    assert softap.events() == [("ap_connected", MAC), ("ap_leased", MAC, "192.168.4.2")]
    assert softap("softap_stations") == [[MAC, "192.168.4.2"]]
    assert softap.fails("softap_deauth", "24:0a:c4:00:00:99") == esp.NOT_FOUND
    softap("softap_deauth", None)
    assert softap.events() == [("ap_disconnected", MAC)]
    softap.act("station_join", mac=MAC)
    softap.events()
    softap.act("station_leave", mac=MAC)
    assert softap.events() == [("ap_disconnected", MAC)]


def test_station_waits_for_the_softap(chip):
    chip.act("station_join", mac=MAC)
    assert chip.events() == []
    chip("wifi_active", 1, True)
    assert chip.events() == [("ap_connected", MAC), ("ap_leased", MAC, "192.168.4.2")]
    chip("wifi_active", 1, False)
    assert chip.events() == [("ap_disconnected", MAC)]


def test_softap_refuses_what_cannot_be(softap):
    config = "softap_config"
    assert softap.fails(config, b"x", b"short", 1, 3, 4, 0) == esp.BAD_PASSWORD
    assert softap.fails(config, b"", b"", 1, 0, 4, 0) == esp.BAD_SSID
    assert softap.fails(config, b"x", b"", 14, 0, 4, 0) == esp.INVALID_ARG
    assert softap.fails(config, b"x", b"", 1, 0, 16, 0) == esp.INVALID_ARG
    assert softap.fails(config, b"x", b"12345678", 1, 1, 4, 0) == esp.INVALID_ARG
    softap("wifi_active", 1, False)
    assert softap.fails(config, b"x", b"", 1, 0, 4, 0) == esp.WRONG_MODE


def test_dhcp_pool(softap):
    assert softap("dhcp_pool") == [120, "192.168.4.2", "192.168.4.101"]
    for first, last in (
        ("192.168.5.2", "192.168.5.3"),
        ("192.168.4.1", "192.168.4.9"),
        ("192.168.4.10", "192.168.4.110"),
        ("192.168.4.10", "192.168.4.10"),
        ("192.168.4.200", "192.168.4.255"),
    ):
        assert softap.fails("dhcp_pool_set", 3, first, last) == esp.INVALID_ARG
    softap("dhcp_pool_set", 3, "192.168.4.10", "192.168.4.11")
    softap.act("station_join", mac=MAC)
    softap.act("station_join", mac="24:0a:c4:00:00:02")
    softap.act("station_join", mac="24:0a:c4:00:00:03")
    assert ("ap_leased", MAC, "192.168.4.10") in softap.events()
    assert softap("softap_stations")[2][1] == "0.0.0.0"  # the pool is empty
    softap("dhcp_pool_set", 0, None, None)
    assert softap("dhcp_pool")[0] == 120


# Provisioning.


def test_smartconfig_tells_and_is_told(chip):
    chip("smartconfig_start", 1, None)
    assert chip.fails("smartconfig_start", 1, None) == esp.INVALID_STATE
    assert chip.fails("wps_start") == esp.WRONG_STATE
    assert chip.fails("smartconfig_result") == esp.INVALID_STATE
    chip.act("smartconfig", type="ESPTOUCH", ssid="home", password="secret 1")
    assert chip.events() == [("sc_credentials",)]
    kind, ssid, password, bssid, reserved = chip("smartconfig_result")
    assert (kind, bssid, reserved) == (1, None, {"hex": ""})
    assert (ssid["hex"], password["hex"]) == (b"home".hex(), b"secret 1".hex())
    assert chip.connect("home", "secret 1") == [*JOINED, ("sc_acknowledged",)]
    chip("smartconfig_stop")
    assert chip.fails("smartconfig_stop") == esp.INVALID_STATE


def test_phone_with_another_key_is_not_heard(chip):
    chip("smartconfig_start", 4, b"0123456789abcdef")
    chip.act("smartconfig", type="ESPTOUCH_V2", ssid="home", password="", key="another key 1234")
    assert chip.events() == []


def test_wps_button(chip):
    chip.act("wps", ssid="home")
    chip("wps_start")
    assert chip.events() == [("wps_success",)]
    assert chip("wps_credentials") == [[{"hex": b"home".hex()}, {"hex": b"secret 1".hex()}]]
    chip("wps_stop")
    assert chip.fails("wps_stop") == esp.WRONG_STATE
    with pytest.raises(CommandError, match="no WPS button"):
        chip.act("wps", ssid="mute")


# Refusals of the control socket and of world files.


@pytest.mark.parametrize(
    ("do", "fields", "message"),
    [
        ("ap_down", {}, "ssid: is missing"),
        ("ap_down", {"ssid": "nowhere"}, "no access point 'nowhere'"),
        ("ap_rssi", {"ssid": "home", "rssi": 5}, "rssi: must be"),
        ("ap_dhcp", {"ssid": "home", "on": 2}, "on: must be"),
        ("ap_full", {"ssid": "home", "on": 2}, "on: must be"),
        ("station_join", {"mac": "x"}, "mac: must be"),
        ("station_leave", {"mac": MAC}, "no station"),
        ("smartconfig", {"type": "BLUFI"}, "type: must be one of"),
    ],
)
def test_wrong_acts_are_named(chip, do, fields, message):
    with pytest.raises(CommandError, match=message):
        chip.act(do, **fields)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('ipv6 = "2001:db8::/48"', "ipv6: must be an IPv6 prefix"),
        ('protocols = "n"', "protocols: must be b, bg or bgn"),
        ('pmf = "maybe"', "pmf: must be one of"),
        ("wps = 1", "wps: must be true or false"),
        ('eap = {methods = ["md5"]}', "methods: must be a list of"),
        ('eap = {users = {me = ""}}', "users.me: must be a text"),
        ('eap = {secret = "x"}', "eap.secret: no such key"),
    ],
)
def test_wrong_keys_of_an_access_point_are_named(tmp_path, line, message):
    with pytest.raises(WorldError, match=message):
        Chip(tmp_path, f'[[ap]]\nssid = "x"\nsecurity = "open"\n{line}\n')
