"""Error codes of ESP-IDF that the imitated driver answers with."""

INVALID_ARG = 0x102
INVALID_STATE = 0x103
NOT_FOUND = 0x105
NOT_INIT = 0x3001
NOT_STARTED = 0x3002
NOT_STOPPED = 0x3003
WRONG_INTERFACE = 0x3004
WRONG_MODE = 0x3005
WRONG_STATE = 0x3006
BAD_MAC = 0x3009
BAD_SSID = 0x300A
BAD_PASSWORD = 0x300B
NOT_CONNECTED = 0x300F


class EspError(Exception):
    """A call ends with an esp_err_t other than ESP_OK."""

    def __init__(self, code: int) -> None:
        super().__init__(f"esp_err 0x{code:x}")
        self.code = code


# Reasons of a disconnection (wifi_err_reason_t).
ASSOC_TOO_MANY = 5
ASSOC_LEAVE = 8
HANDSHAKE_TIMEOUT = 15
EAP_FAILED = 23
BEACON_TIMEOUT = 200
NO_AP_FOUND = 201
AUTH_FAIL = 202
NO_COMPATIBLE_SECURITY = 210
BELOW_AUTHMODE_FLOOR = 211
BELOW_RSSI_FLOOR = 212
