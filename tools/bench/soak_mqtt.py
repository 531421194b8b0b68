"""soak_mqtt: bytes by which the heaps grow over a tenth as many MQTT sessions, 32-bit build.

A session is AT+MQTTUSERCFG, AT+MQTTCONN, AT+MQTTSUB, a message to itself, AT+MQTTCLEAN; every
tenth is over TLS. The broker is mosquitto.
"""

from __future__ import annotations

import re

from tools.bench import flow, heaps, soak
from tools.bench.result import Bench, Result
from tools.host.atclient import Module
from tools.peers.mqttbroker import Broker

KEY = "soak_mqtt"
SESSIONS = max(soak.CYCLES // 10, 10)
_TLS_EVERY = 10


def run(bench: Bench, sessions: int = SESSIONS) -> Result:
    """Run all sessions; RuntimeError if a message was lost or a heap is not flat."""
    simulator = bench.simulator(bits=32)
    simulator.put_user_file("heap.py", heaps.USER_FILE)
    with simulator.start(erase=True), simulator.module() as module, Broker() as broker:
        module.echo_off()
        flow.join(module)
        measured = heaps.repeat(
            simulator, module, lambda number: session(module, broker, number), sessions, bench.tell
        )
    return heaps.judge(measured, f"{sessions} MQTT sessions, {sessions // _TLS_EVERY} over TLS")


def session(module: Module, broker: Broker, number: int) -> None:
    """Connect, subscribe, send a message and hear it, end."""
    scheme, listener = (2, "mqtts") if number % _TLS_EVERY == 0 else (1, "mqtt")
    module.ok(f'AT+MQTTUSERCFG=0,{scheme},"soak{number}","","",0,0,""')
    module.ok(f'AT+MQTTCONN=0,"127.0.0.1",{broker.ports[listener]},0')
    module.ok(f'AT+MQTTSUB=0,"soak/{number}",{number % 3}')
    text = f"message {number} " * (1 + number % 7)
    module.send(f'AT+MQTTPUB=0,"soak/{number}","{text}",{number % 3},0')
    heard = f'+MQTTSUBRECV:0,"soak/{number}",{len(text)},{text}'.encode()
    both = rb"\A(?=.*\r\nOK\r\n)(?=.*" + re.escape(heard) + rb"\r\n).*"  # in whatever order
    module.read_until(re.compile(both, re.DOTALL))
    module.ok("AT+MQTTCLEAN=0")
