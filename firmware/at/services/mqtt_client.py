"""An MQTT session that never blocks: umqtt.simple's client with QoS 2 and a task for each side.

Owns the session's state (packet identifiers, the request that waits for its answer) over one
connection after the other, keep-alive, and retransmission. run() reads; a keeper task sends
acknowledgements and pings; publish(), subscribe() and unsubscribe() are called by one task at a
time. Connections are mqtt_stream.py's, messages that arrive mqtt_inbox.py's.
"""

import asyncio
from time import ticks_diff, ticks_ms

from umqtt.simple import MQTTClient

import atcore
from at.errors import LinkError
from at.loop import cancel, hold, within
from at.services.keeper import keep
from at.services.mqtt_feed import feed
from at.services.mqtt_inbox import Inbox
from at.services.mqtt_request import AWAITED, Request, refusal
from at.wire import mqtt

_ANSWER_MS = 10000  # how long a request may take (manual 3.4.16)
_RETRY_MS = 3000  # until a message of QoS 1 or 2 is sent again
_MIN_PING_MS = 1000  # for the answer to a ping: half the keep-alive time within these limits
_MAX_PING_MS = 10000
_MAX_QUEUE = 1024  # bytes of acknowledgements that the broker does not take
_POLL_MS = 10


class Client(MQTTClient):
    """One session with a broker; `sock` is the stream of its present or last connection.

    `deliver` is what mqtt_inbox.py passes pieces of messages to.
    """

    def __init__(self, client_id, user, password, keepalive, is_clean, deliver):
        super().__init__(client_id, None, 0, user, password, keepalive)
        self.is_clean = is_clean
        self.returns = False  # a lost connection will be made again: requests may wait for that
        self._ping_ms = keepalive * 500
        self._limit_ms = min(max(self._ping_ms, _MIN_PING_MS), _MAX_PING_MS)
        self._inbox = Inbox(deliver)
        self._request = None
        self._begin(None)

    def _begin(self, sock):
        """Start afresh with a stream."""
        self.sock = sock
        self.problem = None  # why the connection ended
        self._is_accepted = False
        self._reader = mqtt.Reader()
        self._rest = b""  # what came behind CONNACK
        self._answer_ms = _ANSWER_MS
        self._lock = asyncio.Lock()  # of the packet that is being sent
        self._urgent = asyncio.Event()  # the keeper has something to do
        self._queue = bytearray()  # small packets for the keeper to send
        self._sent_ms = self._heard_ms = self._pinged_ms = ticks_ms()
        self._is_pinged = False
        if sock:
            sock.on_urgent = self._urgent.set

    def wait_for(self, answer_ms):
        """Give the broker so long to answer from now on, None: 10 s."""
        self._answer_ms = answer_ms or _ANSWER_MS

    # Connections.

    @property
    def is_connected(self):
        """Whether the broker has accepted us and the connection stands, as far as is known."""
        return self._is_accepted and self.problem is None

    async def connect(self, sock):
        """Begin a session, or go on with one, over a stream; return whether the broker knew it.

        LinkError if the broker refuses or does not answer.
        """
        self._begin(sock)
        will = None
        if self.lw_topic:
            will = (self.lw_topic, self.lw_msg, self.lw_qos, self.lw_retain)
        parts = mqtt.connect(
            self.client_id, self.user, self.pswd, self.keepalive, self.is_clean, will
        )
        try:
            await self._send(*parts)
            await within(self._read_connack(), self._answer_ms)
        except OSError as error:
            raise LinkError("the broker ended the connection: %s" % error.args[-1])
        except ValueError as error:
            raise LinkError("this is no MQTT broker: %s" % error)
        except asyncio.TimeoutError:
            raise LinkError("the broker does not answer")
        code = self._reader.code
        if code:
            raise refusal(code)
        self._is_accepted = True
        is_known = self._reader.is_session_present
        if not is_known:
            self._inbox.forget()
        return is_known

    async def _read_connack(self):
        reader = self._reader
        while reader.event != mqtt.PACKET:
            data = await self.sock.read()
            if not data:
                raise OSError(-1, "closed by the broker")
            self._rest = data[reader.take(data, 0, len(data)) :]
        if reader.kind != mqtt.CONNACK:
            raise ValueError("it does not begin with CONNACK")

    async def run(self, is_known):
        """Serve the connection until it ends and return why; `is_known` as connect() said."""
        keeper = None
        try:
            keeper = asyncio.create_task(keep(self._urgent, self._idle_ms, self._tend, self.fail))
            if self._request:
                await self._resume(self._request, is_known)
            data = self._rest
            while True:
                await self._take(data)
                data = await self._read()
                if not data:
                    break
                self._heard_ms = ticks_ms()
            self.fail("closed by the broker")
        except OSError as error:
            self.fail(error.args[-1])
        except ValueError as error:
            self.fail("the broker breaks the rules: %s" % error)
        except MemoryError:
            self.fail("no memory for what it sends")
        finally:
            if keeper:
                cancel(keeper)
            self.fail("ended")
            request = self._request
            if request and not (self.returns and request.survives):
                request.end(problem=self.problem)
        return self.problem

    async def _read(self):
        """Wait for bytes; C passes on whole messages of QoS 0 meanwhile."""
        sock = self.sock
        if self._reader.is_between and sock.is_between:
            sock.taker = self._take_now
        try:
            return await sock.read()
        finally:
            sock.taker = None

    def _take_now(self, buffer, count):
        self._heard_ms = ticks_ms()
        return atcore.take_messages(buffer, count, self.sock.is_web)

    def fail(self, reason):
        """End the connection for a reason, unless it has ended already."""
        if self.problem is None:
            self.problem = reason
        self.sock.close()

    async def disconnect(self):
        """Take leave of the broker. LinkError if that is not possible any more."""
        try:
            await within(hold(self._lock, self._take_leave()), _ANSWER_MS)
        except OSError as error:
            raise LinkError(error.args[-1])
        except asyncio.TimeoutError:
            raise LinkError("the broker takes no more data")

    async def _take_leave(self):
        await self.sock.write(mqtt.DISCONNECT)
        await self.sock.finish()

    # Requests.

    def _number(self):
        self.pid = self.pid % 65535 + 1
        return self.pid

    def publish_now(self, topic, msg, retain):
        """Publish a message of QoS 0 if that is possible at once; LinkError if it fails."""
        try:
            done = self.sock.write_now(
                atcore.message(topic, msg, retain, self.sock.new_key()), self._lock
            )
        except OSError as error:
            self.fail(error.args[-1])
            raise LinkError(error.args[-1])
        if done:
            self._sent_ms = ticks_ms()
        return done

    async def publish(self, topic, msg, retain=False, qos=0):
        """Publish a message and see it through its QoS. LinkError if that fails."""
        pid = self._number() if qos else 0

        def packet(is_dup):
            return mqtt.publish_head(topic, len(msg), qos, retain, pid, is_dup) + msg

        request = Request(AWAITED[qos], pid, packet) if qos else None
        await self._ask(request, packet(False))

    async def publish_from(self, source, topic, size, retain, qos):
        """Publish `size` bytes that come in pieces from `await source()`, without keeping them.

        All of them are taken, whatever happens. LinkError if the message is not delivered; it
        is not sent again. What source() raises ends the connection, in the middle of a packet.
        """
        pid = self._number() if qos else 0
        head = mqtt.publish_head(topic, size, qos, retain, pid)
        if qos:
            self._request = Request(AWAITED[qos], pid)
        sock = self.sock
        try:
            await self._lock.acquire()  # see hold()
            try:
                await self._offer(sock, head)
                await feed(source, size, lambda piece: self._offer(sock, piece))
            except BaseException:
                self.fail("the payload did not come")
                raise
            finally:
                self._lock.release()
            if not sock.is_open:
                raise LinkError(self.problem)
            if qos:
                await self._answer(self._request)
        finally:
            self._request = None

    async def _offer(self, sock, data):
        """Send a part of a packet if the connection still stands."""
        if sock.is_open:
            try:
                await sock.write(data)
                self._sent_ms = ticks_ms()
            except OSError as error:
                self.fail(error.args[-1])
            except MemoryError:
                self.fail("no memory to send it")

    async def subscribe(self, topic, qos=0):
        """Subscribe and return the QoS that is granted. LinkError if the broker refuses."""
        pid = self._number()
        request = Request(mqtt.SUBACK, pid)
        await self._ask(request, mqtt.subscribe(pid, topic, qos))
        if request.code & 0x80:
            raise LinkError("the broker refuses the subscription")
        return request.code

    async def unsubscribe(self, topic):
        """Unsubscribe. LinkError if the broker does not confirm it."""
        pid = self._number()
        await self._ask(Request(mqtt.UNSUBACK, pid), mqtt.unsubscribe(pid, topic))

    def renew(self, topics):
        """Have the keeper subscribe (topic, qos) pairs anew; nobody waits for the answers."""
        for topic, qos in topics:
            self._post(mqtt.subscribe(self._number(), topic, qos))

    async def _ask(self, request, packet):
        """Send a packet; wait for the answer to `request` if it is not None."""
        self._request = request
        try:
            try:
                await self._send(packet)
            except OSError as error:
                if not (request and request.survives and self.returns):
                    raise LinkError(error.args[-1])
            if request:
                await self._answer(request)
        finally:
            self._request = None

    async def _answer(self, request):
        """Wait for the answer; send again what can be sent again when it does not come."""
        left_ms = self._answer_ms
        while not request.event.is_set():
            if left_ms <= 0:
                raise LinkError("the broker does not answer")
            wait_ms = min(left_ms, _RETRY_MS)
            left_ms -= wait_ms
            try:
                await within(request.event.wait(), wait_ms)
            except asyncio.TimeoutError:
                if self.is_connected and request.survives:
                    await self._repeat(request, True)
        if request.problem:
            raise LinkError(request.problem)

    async def _repeat(self, request, is_dup):
        try:
            if request.kind == mqtt.PUBCOMP:
                await self._send(mqtt.ack(mqtt.PUBREL, request.pid))
            else:
                await self._send(request.packet(is_dup))
        except OSError:  # the next connection may do better
            pass

    async def _resume(self, request, is_known):
        """Go on with a request that outlived its connection."""
        if request.kind == mqtt.PUBCOMP and not is_known:
            request.end()  # the broker had taken the message before it forgot us
        else:
            await self._repeat(request, is_known)

    # Sending.

    async def _send(self, *parts):
        """Send one packet, or several. OSError, which ends the connection, if that fails."""
        await self._lock.acquire()  # see hold()
        try:
            for part in parts:
                await self.sock.write(part)
            self._sent_ms = ticks_ms()
        except OSError as error:
            self.fail(error.args[-1])
            raise
        except BaseException:  # what follows could not be told from the rest
            self.fail("a packet was cut short")
            raise
        finally:
            self._lock.release()

    def _post(self, packet):
        """Have the keeper send a small packet, if there is one."""
        if packet:
            self._queue.extend(packet)
            self._urgent.set()

    async def _tend(self):
        now = ticks_ms()
        if self._is_pinged:
            silent_ms = ticks_diff(now, self._pinged_ms)
            silent_ms = min(silent_ms, ticks_diff(now, self._heard_ms))
            if silent_ms >= self._limit_ms and not self._inbox.is_delivering:
                self.fail("no answer to a ping")
                return
        elif ticks_diff(now, self._sent_ms) >= self._ping_ms:
            self._is_pinged = True
            self._pinged_ms = now
            self._queue.extend(mqtt.PINGREQ)
        await hold(self._lock, self.sock.tend())
        if self._queue:
            packets = self._queue
            self._queue = bytearray()
            await self._send(packets)

    def _idle_ms(self):
        """Return how long the keeper has nothing to do, if nothing is posted."""
        if self._is_pinged:
            return self._limit_ms
        left_ms = self._ping_ms - ticks_diff(ticks_ms(), self._sent_ms)
        return max(left_ms, 1)

    # Receiving.

    async def _take(self, data):
        """Act upon received bytes. ValueError if a broker may not send them."""
        reader = self._reader
        at = 0
        while at < len(data):
            at = reader.take(data, at, len(data))
            if reader.event == mqtt.PACKET:
                self._take_packet(reader)
            else:
                await self._take_message(reader, data)
            while len(self._queue) > _MAX_QUEUE and self.is_connected:
                await asyncio.sleep_ms(_POLL_MS)

    async def _take_message(self, reader, data):
        if reader.event == mqtt.MESSAGE:
            self._inbox.begin(reader)
        elif reader.event == mqtt.DATA:
            await self._inbox.take(reader, data)
        if reader.event and not reader.left:
            self._post(await self._inbox.end(reader))
            self._heard_ms = ticks_ms()

    def _take_packet(self, reader):
        kind = reader.kind
        request = self._request
        is_awaited = request and request.kind == kind and request.pid == reader.pid
        if kind == mqtt.CONNACK:
            raise ValueError("a second CONNACK")
        if kind == mqtt.PINGRESP:
            self._is_pinged = False
        elif kind == mqtt.PUBREL:
            self._inbox.release(reader.pid)
            self._post(mqtt.ack(mqtt.PUBCOMP, reader.pid))
        elif kind == mqtt.PUBREC:
            if is_awaited:
                request.kind = mqtt.PUBCOMP
            self._post(mqtt.ack(mqtt.PUBREL, reader.pid))
        elif is_awaited:
            request.end(reader.code)
