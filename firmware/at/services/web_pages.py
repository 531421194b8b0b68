"""What the web server answers: the page, and the requests that it makes.

Paths and fields are those of Espressif's page. A request that does something must come from our
own page: see _is_ours. Nothing here touches files.
"""

import asyncio
import binascii
import json
import sys

import microdot
from microdot import Microdot, Request, Response

import webpage
from at import version
from at.errors import ATError, StateError
from at.log import log

_JSON = "application/json"
_MAX_BODY = 512
_PIECE = 2048
_WRONG_MS = 1000  # from a wrong password to the next try
# Asked for by phones and computers that want to know whether there is an internet.
_PROBES = (
    "/generate_204",
    "/gen_204",
    "/hotspot-detect.html",
    "/library/test/success.html",
    "/connecttest.txt",
    "/ncsi.txt",
    "/redirect",
    "/canonical.html",
    "/success.txt",
    "/check_network_status.txt",
    "/fwlink",
)
_ACTING = ("/setstainfo", "/getresult", "/getaprecord", "/setotadata")
_FIELDS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Connection", "close"),
)
# How Espressif's page numbers and names the states of a join, from IDLE.
_STATES = (
    (0, "waiting config"),
    (0, "connecting"),
    (2, "connect fail"),
    (1, "connect OK"),
)

Request.max_body_length = 0  # bodies are read by those who want them
Request.max_content_length = 1 << 30


def build(web):
    """Return the app that serves `web`."""
    app = Microdot()
    app.options_handler = None  # type: ignore - nobody from elsewhere is allowed anything
    app.before_request(lambda request: _guard(web, request))
    app.after_request(_complete)
    app.after_error_request(_complete)
    app.errorhandler(404)(lambda request: _nowhere(web, request))
    app.get("/")(_index)
    app.get("/getstainfo")(lambda _: _station(web))
    app.post("/setstainfo")(lambda request: _set_station(web, request))
    app.post("/getresult")(lambda request: _result(web, request))
    app.get("/getaprecord")(lambda _: _records(web))
    app.get("/getotainfo")(lambda _: _firmware(web))
    app.post("/setotadata")(lambda request: _upload(web, request))
    return app


def _note(error):
    """Log what went wrong with a request; a traceback only if a visitor cannot be the reason."""
    if isinstance(error, (OSError, ValueError, MemoryError)):
        log("web: a request failed: %s %s" % (type(error).__name__, error))
    else:
        sys.print_exception(error)  # type: ignore - of MicroPython


microdot.print_exception = _note  # type: ignore - what it says of visitors

_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

# Who asks.


async def _guard(web, request):
    """Refuse who has no password, and what other sites make a browser send; None lets pass."""
    if not _is_for_us(web, request):
        return _nowhere(web, request)
    headers = request.headers
    try:
        if not await _is_known(web, headers.get("Authorization", "")):
            response = _problem(401, "the password is missing or wrong")
            response.headers["WWW-Authenticate"] = 'Basic realm="module", charset="UTF-8"'
            return response
    except ATError as error:  # nobody can tell whether there is a password
        return _problem(503, error.reason)
    origin = headers.get("Origin")
    if origin is not None and origin != "http://" + headers.get("Host", ""):
        return _problem(403, "requests come from the module's own page")
    if request.path in _ACTING and "X-Requested-With" not in headers:
        return _problem(403, "the field X-Requested-With is missing")
    return None


async def _is_known(web, field):
    """Check the password of a request (RFC 7617, any name), a second later if it is wrong.

    What was right is remembered by its hash until the server ends: the page asks often.
    """
    if not web.trust.has_password():
        return True
    if not field:
        return False
    seal = web.trust.seal(field)
    if seal in web.known:
        return True
    try:
        scheme, _, code = field.partition(" ")
        password = binascii.a2b_base64(code).partition(b":")[2]
    except ValueError:
        return False
    await web.door.acquire()  # one guess at a time; see at.loop.hold()
    try:
        if scheme.lower() == "basic" and web.trust.is_password(password):
            web.known[:] = (seal,)
            return True
        await asyncio.sleep_ms(_WRONG_MS)
        return False
    finally:
        web.door.release()


def _is_for_us(web, request):
    """Tell whether the request names us by address: by a name others could lead it here."""
    host = request.headers.get("Host", "").split(":")[0]
    own = (request.stream.own_address, web.wifi.ap_ip(), web.wifi.station_ip())
    return host in [address for address in own if address]


def _nowhere(web, request):
    """Answer what is not here; on the softAP others' pages lead to ours (captive portal)."""
    address = web.wifi.ap_ip()
    is_lost = request.path in _PROBES or not _is_for_us(web, request)
    if not address or not is_lost or request.method not in ("GET", "HEAD"):
        return _problem(403 if is_lost else 404, "there is nothing here")
    if web.port != 80:
        address += ":%d" % web.port
    # iOS wants something to read beside the redirection.
    fields = {"Location": "http://%s/" % address}
    return Response("The module is set up here.\n", 302, fields, "Found")


def _complete(_request, response):
    """Add what every answer has; microdot's own have no reason phrase."""
    if response.reason is None:
        response.reason = _REASONS.get(response.status_code)
    for name, value in _FIELDS:
        response.headers[name] = value
    return response


def _answer(value, status=200):
    return Response(json.dumps(value), status, {"Content-Type": _JSON})


def _problem(status, text):
    return _answer({"error": text}, status)


# The page.


def _index(_request):
    fields = {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip"}
    fields["Content-Security-Policy"] = webpage.POLICY
    return Response(webpage.PAGE, 200, fields)


# Provisioning.


def _station(web):
    """Tell how the join goes, and what is joined. The password stays here."""
    join = web.join
    state, message = _STATES[join.state]
    info = web.wifi.station.info()
    ssid = join.ssid if join.state or not info else info[0]
    return _answer(
        {
            "state": state,
            "message": message,
            "sta_ssid": _text(ssid),
            "sta_password": "",
            "reason": join.reason,
            "has_link": join.has_link,
            "ip": web.wifi.station_ip() or "",
            "joined": _text(info[0]) if info and web.wifi.is_joined else "",
            "limit": web.limit_s,
        }
    )


def _text(ssid):
    try:
        return str(ssid, "utf-8")
    except UnicodeError:
        return ""


async def _set_station(web, request):
    problem = _not_json(request)
    if problem:
        return problem
    values = await _json_body(request)
    if values is None:
        return _problem(400, "a JSON object of at most %d bytes is wanted" % _MAX_BODY)
    ssid, password = values.get("ssid"), values.get("password", "")
    if not isinstance(ssid, str) or not isinstance(password, str):
        return _problem(400, "ssid and password must be text")
    ssid, password = _utf8(ssid), _utf8(password)
    if not 1 <= len(ssid) <= 32:
        return _problem(400, "ssid must be 1 to 32 bytes long")
    if len(password) > 63:
        return _problem(400, "password must be at most 63 bytes long")
    try:
        web.join.start(ssid, password, web.limit_s)
    except ATError as error:
        return _problem(409, error.reason)
    web.emit("web_news", 1)
    return _answer({"state": 0})


def _utf8(text):
    """Encode a text of a JSON body; the parser leaves escaped pairs of surrogates apart."""
    raw = text.encode()
    at = raw.find(b"\xed")
    while 0 <= at < len(raw) - 5:
        if raw[at + 1] & 0xF0 == 0xA0 and raw[at + 3] == 0xED and raw[at + 4] & 0xF0 == 0xB0:
            code = _ten_bits(raw, at) << 10 | _ten_bits(raw, at + 3)
            raw = raw[:at] + chr(0x10000 + code).encode() + raw[at + 6 :]
        at = raw.find(b"\xed", at + 1)
    return raw


def _ten_bits(raw, at):
    return (raw[at + 1] & 0x0F) << 6 | raw[at + 2] & 0x3F


async def _result(web, request):
    """Take the page's word that it has shown the success; then the host may end the server."""
    problem = _not_json(request)
    if problem:
        return problem
    values = await _json_body(request)
    if values is None or not values.get("received"):
        return _problem(400, "received must be 1")
    if web.join.acknowledge():
        request.stream.call_after(lambda: web.emit("web_news", 2))
    return _answer({"state": 0})


def _not_json(request):
    """Return what to answer to a body of another type, or None."""
    if request.headers.get("Content-Type", "").split(";")[0] == _JSON:
        return None
    return _problem(415, "the field Content-Type has to be " + _JSON)


async def _json_body(request):
    """Return the object in the body, or None."""
    data = await request.stream.body(_MAX_BODY)
    try:
        values = json.loads(data) if data else None
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


async def _records(web):
    try:
        found = await web.join.scan()
    except ATError as error:
        return _problem(409, error.reason)
    return Response(_list(found), 200, {"Content-Type": _JSON})


def _list(found):
    """Yield the list of access points in pieces."""
    yield '{"state":0,"message":"scan done","aplist":['
    for number, (ssid, rssi, authmode) in enumerate(found):
        record = json.dumps({"ssid": ssid, "rssi": rssi, "auth_mode": authmode})
        yield "," + record if number else record
    yield "]}"


# Updates.


def _firmware(web):
    return _answer(
        {
            "state": 0,
            "name": web.module_name,
            "fw_version": version.BIN,
            "at_core_version": version.CORE,
            "partitions": web.update.names(),
        }
    )


async def _upload(web, request):
    """Take an image as the body; the field Object says what it is for."""
    peer = request.stream
    try:
        upload = web.update.receive(request.headers.get("Object", ""), peer.left)
    except StateError as error:
        return _problem(409, error.reason)
    except ATError as error:
        return _problem(413 if peer.left else 400, error.reason)
    web.emit("web_news", 3)
    news = 5
    try:
        buffer = memoryview(bytearray(_PIECE))
        while True:
            count = await peer.read_into(buffer)
            if not count:
                break
            await upload.take(buffer[:count])
            await asyncio.sleep_ms(0)  # the AT port has its turn
        await upload.end()
        news = 4
        return _answer({"state": 0})
    except ATError as error:
        return _problem(422, error.reason)
    except OSError as error:  # nobody will read this
        return _problem(400, str(error))
    finally:
        upload.abandon()
        web.emit("web_news", news)
