"""Acts of an MQTT broker and of the client that watches it, for transcripts.

The broker itself is tools/peers/mqttbroker.py's.

    publish TOPIC QOS [BYTES]   publish from the watcher; QOS 0, 1, 2, with an r behind it retained
    published TOPIC [BYTES]     expect that a topic got exactly these bytes
    broker stop, start          end the broker; start it again on its ports
    broker cut                  end the connections through mqtt_relay
    broker hold, flow           pass nothing on in mqtt_relay; pass on again
"""

from __future__ import annotations

from tools.host.hostacts import ActFailed
from tools.peers.escapes import unescape
from tools.peers.mqttbroker import Broker

WORDS = frozenset(("publish", "published", "broker"))


class MqttActs:
    """Do acts with a broker that runs already."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._acts = {
            "publish": self._publish,
            "published": self._published,
            "broker": self._change,
        }

    def act(self, text: str) -> None:
        """Do one act; ActFailed if it shows that something is wrong."""
        word, _, rest = text.partition(" ")
        self._acts[word](rest)

    def reset(self) -> None:
        """Bring the broker back to normal and forget what the watcher heard."""
        self._broker.relay.cut()
        self._broker.start()
        self._broker.watcher.wait()
        self._broker.watcher.clear()

    def _publish(self, rest: str) -> None:
        topic, qos, data = (*rest.split(" ", 2), "")[:3]
        self._broker.watcher.publish(topic, unescape(data), int(qos[0]), qos.endswith("r"))

    def _published(self, rest: str) -> None:
        topic, _, data = rest.partition(" ")
        try:
            message = self._broker.watcher.next(topic)
        except AssertionError as problem:
            raise ActFailed(str(problem)) from None
        if message.payload != unescape(data):
            raise ActFailed(f"{topic} got {message.payload!r}, not {unescape(data)!r}")

    def _change(self, word: str) -> None:
        if word in ("stop", "start"):
            getattr(self._broker, word)()
        else:
            getattr(self._broker.relay, word)()
