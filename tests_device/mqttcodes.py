"""ERR CODE extensions of the AT+MQTT* parameters, from the table of the manual (3.4.15).

For each parameter: it cannot be read, it is missing or empty, its value is wrong or too long.
None stands for the codes that all commands share.
"""

from __future__ import annotations

from tools.catalogue.boundaries import COUNT, INVALID, LENGTH, Case

Row = tuple[int, int, int] | None

COUNT_WRONG = 0x6008
_LINK: Row = (0x6010, 0x6010, 0x6011)
_TOPIC: Row = (0x6041, 0x6042, 0x6043)
_QOS: Row = (0x6047, 0x6047, 0x6048)
_RETAIN: Row = (0x6049, 0x6049, 0x604A)
_CLIENT_ID: Row = (0x6014, 0x6015, 0x6016)
_USERNAME: Row = (0x6017, 0x6018, 0x6019)
_PASSWORD: Row = (0x601A, 0x601B, 0x601C)
_COUNT: Row = (COUNT_WRONG, COUNT_WRONG, COUNT_WRONG)

TABLE: dict[str, tuple[Row, ...]] = {
    "+MQTTUSERCFG": (
        _LINK,
        (0x6012, 0x6012, 0x6013),
        _CLIENT_ID,
        _USERNAME,
        _PASSWORD,
        (0x601D, 0x601D, 0x601E),
        (0x601F, 0x601F, 0x6020),
        (0x6027, 0x6028, 0x6029),
    ),
    "+MQTTLONGCLIENTID": (_LINK, (0x6014, 0x6014, 0x6016)),
    "+MQTTLONGUSERNAME": (_LINK, (0x6017, 0x6017, 0x6019)),
    "+MQTTLONGPASSWORD": (_LINK, (0x601A, 0x601A, 0x601C)),
    "+MQTTCONNCFG": (
        _LINK,
        (0x602B, 0x602C, 0x602D),
        (0x602E, 0x602E, 0x602F),
        (0x6030, 0x6031, 0x6032),
        (0x6033, 0x6034, 0x6035),
        (0x6036, 0x6036, 0x6037),
        (0x6038, 0x6038, 0x6039),
    ),
    "+MQTTALPN": (_LINK, _COUNT, None, None, None, None, None),
    "+MQTTSNI": (_LINK, None),
    "+MQTTCONN": (
        _LINK,
        (0x603A, 0x603B, 0x603C),
        (0x603D, 0x603D, 0x603E),
        (0x603F, 0x603F, 0x6040),
    ),
    "+MQTTPUB": (_LINK, _TOPIC, (0x6044, 0x6045, 0x6046), _QOS, _RETAIN),
    "+MQTTPUBRAW": (_LINK, _TOPIC, (0x604B, 0x604B, 0x604C), _QOS, _RETAIN),
    "+MQTTSUB": (_LINK, _TOPIC, _QOS),
    "+MQTTUNSUB": (_LINK, _TOPIC),
    "+MQTTCLEAN": (_LINK,),
}


def expected(case: Case, rows: tuple[Row, ...]) -> int:
    """Return the ERR CODE of a rejected case in place of the one that all commands share."""
    assert case.code is not None
    sub, index = case.code >> 16 & 0xFF, case.code & 0xFFFF
    if sub == COUNT:
        return 0x010A0000 | COUNT_WRONG
    row = rows[index] if index < len(rows) else None  # what newer releases added
    if row is None:
        return case.code
    if case.what in ("left empty", "too short"):
        kind = 1
    else:
        kind = 2 if sub in (LENGTH, INVALID) else 0
    return 0x010A0000 | row[kind]


def refused(code: int | None, rows: tuple[Row, ...]) -> bool:
    """Tell whether an ERR CODE says that a parameter of the command is wrong."""
    codes = {0x010A0000 | code for row in rows if row for code in row}
    return code in codes or code == 0x010A0000 | COUNT_WRONG
