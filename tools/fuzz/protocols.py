"""Bursts of protocols above links: HTTP, MQTT, WebSocket, the module's web server.

What is common to all bursts with peers is in tools/fuzz/network.py.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tools.fuzz import wild
from tools.fuzz.burst import Burst
from tools.fuzz.harm import payload
from tools.fuzz.network import PATHS, join, meanwhile, say, some_server
from tools.fuzz.phases import World

_TOPICS = ("fuzz", "fuzz/#", "+", "#", "a/b", "a/#/b", "")


def webserver(rng: random.Random, burst: Burst, world: World) -> None:
    """Let bad browsers come to the module's web server."""
    join(rng, burst, world)
    port = rng.randint(20000, 60000)
    say(rng, burst, "AT+WEBSERVER=0")
    say(rng, burst, f"AT+WEBSERVER=1,{port},{rng.choice((21, 25, 60))}")
    for _ in range(rng.randint(1, 6)):
        burst.act(rng.choice((5, 40)), peer="dial", port=port, steps=wild.request(rng))
        meanwhile(rng, burst)
    say(rng, burst, rng.choice(("AT+WEBSERVER=0", "AT")), 60)


def http(rng: random.Random, burst: Burst, world: World) -> None:
    """Send requests to servers that answer well, oddly or not as HTTP at all."""
    join(rng, burst, world)
    for _ in range(rng.randint(1, 3)):
        names = ("web", "bad_web", "bad_web_tls", "script", "script", "script", "script_tls")
        port = some_server(rng, burst, names, wild.http(rng))
        url = f"http{'s' * ('tls' in port)}://127.0.0.1:{port}/{rng.choice(PATHS)}"
        size = rng.choice((1, 10, 500, 5000))
        line, body = rng.choice(
            (
                (f'AT+HTTPCLIENT={rng.randint(1, 5)},{rng.randrange(5)},"{url}",,,1', b""),
                (f'AT+HTTPCLIENT=3,1,"{url}",,,1,"a=b"', b""),
                (f'AT+HTTPGETSIZE="{url}"', b""),
                (f'AT+HTTPCGET="{url}"', b""),
                (f'AT+HTTPCPOST="{url}",{size}', payload(rng, size)),
                (f'AT+HTTPCPUT="{url}",{size}', payload(rng, size)),
                (f"AT+HTTPURLCFG={len(url)}", url.encode()),
                ("AT+HTTPCHEAD=9", b"X-Y: z\r\n "),
            )
        )
        say(rng, burst, line)
        burst.add(body, rng.choice((0, 30)))
        meanwhile(rng, burst)
        say(rng, burst, "AT", rng.choice((20, 100)))


def mqtt(rng: random.Random, burst: Burst, world: World) -> None:
    """Talk to brokers, real ones and such that send anything."""
    join(rng, burst, world)
    scheme = rng.choice((1, 1, 2, 3, 6, 6, 7))
    web, tls = scheme > 5, scheme in (2, 3, 7)
    real = "mqtt_wss" if web and tls else "mqtt_ws" if web else "mqtts" if tls else "mqtt"
    if real not in world.ports:
        real = "script"
    script = "script_tls" if tls else "script"
    steps = wild.websocket(rng) if web else wild.mqtt(rng)
    port = some_server(rng, burst, (real, f"bad_{real}", script, script), steps)
    if rng.random() < 0.8:
        say(rng, burst, "AT+MQTTCLEAN=0")
        say(rng, burst, f'AT+MQTTUSERCFG=0,{scheme},"fuzz","","",0,0,"/"')
    if rng.random() < 0.3:
        say(
            rng,
            burst,
            f'AT+MQTTCONNCFG=0,{rng.choice((0, 1, 10))},{rng.randrange(2)},"will","x",2,1',
        )
    say(rng, burst, f'AT+MQTTCONN=0,"127.0.0.1",{port},{rng.randrange(2)}')
    say(rng, burst, "AT", rng.choice((20, 100, 300)))
    for _ in range(rng.randint(0, 5)):
        topic, qos = rng.choice(_TOPICS), rng.randrange(3)
        size = rng.choice((1, 100, 2000))
        line, body = rng.choice(
            (
                (f'AT+MQTTSUB=0,"{topic}",{qos}', b""),
                (f'AT+MQTTUNSUB=0,"{topic}"', b""),
                (f'AT+MQTTPUB=0,"{topic}","text",{qos},{rng.randrange(2)}', b""),
                (f'AT+MQTTPUBRAW=0,"{topic}",{size},{qos},0', payload(rng, size)),
                ("AT+MQTTSUB?", b""),
                ("AT+MQTTCONN?", b""),
            )
        )
        say(rng, burst, line, rng.choice((0, 10, 50)))
        burst.add(body, rng.choice((0, 20)))
        meanwhile(rng, burst)


def websockets(rng: random.Random, burst: Burst, world: World) -> None:
    """Open WebSocket links to servers that accept, hardly, or are none."""
    join(rng, burst, world)
    for _ in range(rng.randint(1, 2)):
        link = rng.randrange(3)
        peers = ("ws", "bad_ws", "bad_ws", "script", "script", "script_tls", "web")
        port = some_server(rng, burst, peers, wild.websocket(rng))
        if rng.random() < 0.3:
            say(rng, burst, f"AT+WSCFG={link},1,{rng.randint(1, 3)},{rng.choice((1, 100, 8192))}")
        scheme = "wss" if "tls" in port else "ws"
        say(rng, burst, f'AT+WSOPEN={link},"{scheme}://127.0.0.1:{port}/x",,2000')
        for _ in range(rng.randint(0, 4)):
            size = rng.choice((0, 1, 100, 1014, 8000))
            tail = rng.choice(("", f",{rng.randrange(16)}", f",{rng.randrange(3)},500,0"))
            say(rng, burst, f"AT+WSSEND={link},{size}{tail}", rng.choice((0, 20)))
            burst.add(payload(rng, size), rng.choice((0, 10)))
            meanwhile(rng, burst)
        say(rng, burst, rng.choice((f"AT+WSCLOSE={link}", "AT+WSOPEN?", "AT")))


# Kinds of bursts, and how often each comes among the others.
KINDS: dict[Callable[[random.Random, Burst, World], None], int] = {
    webserver: 5,
    http: 10,
    mqtt: 12,
    websockets: 8,
}
