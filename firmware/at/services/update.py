"""Updates of the firmware and of user partitions (AT+CIUPDATE, AT+CIPFWVER, AT+USEROTA).

Owns the choice of a slot, the checks before it is switched, and the talk with the update server,
which docs/update-server.md describes; update_sinks.py writes. The old firmware stays in force
after any failure.
"""

import asyncio
import binascii
import json
import sys

import atchip
import esp32

from at.errors import Absent, ATError, LinkError, StateError, StoreError, invalid
from at.log import log
from at.loop import within
from at.services.fetch import Fetch
from at.services.flash import FIRMWARE
from at.services.mfg import BLOB
from at.services.update_sinks import Text, Writer
from at.wire import url
from at.wire.image import Image

# States of an update, as AT+CIUPDATE shows them.
FAILED = -1
IDLE = 0
FOUND = 1  # the server
CONNECTED = 2
VERSION = 3  # the version is known
DONE = 4

_LIMIT_MS = 180000  # of AT+CIUPDATE, manual 3.3.24
_MAX_MANIFEST = 2048
_CERTIFICATES = ("_ca", "_cert", "_key")  # ends of the namespaces of mfg_nvs that hold them


class Upload:
    """Takes an image that somebody sends: take() as often as needed, then end() or abandon().

    The firmware runs from the next start on; of user partitions nothing is checked.
    """

    def __init__(self, writer, size, slot, done):
        self._writer = writer
        self._size = size
        self._slot = slot
        self._done = done

    async def take(self, data):
        """Write bytes (memoryview). LinkError if they cannot be of a good image; StoreError."""
        try:
            await self._writer.take(data)
        except ValueError as error:
            raise LinkError(str(error))

    async def end(self):
        """Check the whole and have it used. LinkError, StoreError, and then nothing changes."""
        try:
            if self._writer.size != self._size:
                raise ValueError("the image is cut off after %d bytes" % self._writer.size)
            await self._writer.end()
        except ValueError as error:
            raise LinkError(str(error))
        if self._slot:
            _use(self._slot)

    def abandon(self):
        """Make room for the next update; once, after end() as well."""
        self._writer.close()
        self._done()


class Update:
    """Runs one update at a time; `state` is that of the last one."""

    def __init__(self, names, mfg, flash, trust):
        self._trust = trust
        self._fetch = Fetch(names, mfg)
        self._mfg = mfg
        self._flash = flash
        self._is_running = False
        self.state = IDLE

    def need_idle(self):
        """Raise StateError while an update runs."""
        if self._is_running:
            raise StateError("an update is running")

    # From any URL.

    async def from_url(self, address):
        """Load a firmware image from a URL (bytes); it runs from the next start."""
        self._begin()
        try:
            await self._load_firmware(FIRMWARE, address)
        finally:
            self._is_running = False

    # From somebody who sends it.

    def names(self):
        """Return what receive() takes: FIRMWARE and the user partitions."""
        return [FIRMWARE] + [row[0] for row in self._flash.partitions()]

    def receive(self, name, size):
        """Return an Upload for an image of `size` bytes.

        StateError while an update runs, ParamError for an unknown name, LinkError if it is empty
        or too large.
        """
        self.need_idle()
        self._need_signable(name)
        if name == FIRMWARE:
            slot, room, image = self._slot()
        else:
            slot = image = None
            partition, room = self._flash.find(name)
        if not 0 < size <= room:
            raise LinkError("the file has %d bytes, %s takes 1 to %d" % (size, name, room))
        writer = Writer(self._flash, name, slot or partition, room, image, self._trust.check)
        self._is_running = True
        return Upload(writer, size, slot, self._end)

    def _end(self):
        self._is_running = False

    def _slot(self):
        """Return the slot for new firmware, its size, and the check of what goes there."""
        slot = esp32.Partition(esp32.Partition.RUNNING).get_next_update()
        room = slot.info()[3]
        return slot, room, Image(room, atchip.board()[0], self._trust.oldest())

    def _need_signable(self, name):
        """Refuse what carries no signature where signatures are demanded."""
        if name != FIRMWARE and self._trust.signer() is not None:
            raise StateError("only signed firmware is taken: mfg_nvs has an ota_key")

    # From the update server.

    async def newest(self):
        """Return the newest version that the update server offers."""
        manifest, _ = await self._manifest(False, None, None, None)
        return manifest["version"]

    async def from_server(self, is_secure, version, name, tell):
        """Load an image from the update server; tell(state) is called for each state reached.

        `version` None is the newest; `name` is FIRMWARE, a user partition, or a namespace of
        mfg_nvs that holds a certificate or key.
        """
        load = self._loader(name)
        self._need_signable(name)
        self._begin()
        await self._run(is_secure, version, name, load, tell)

    async def _run(self, is_secure, version, name, load, tell):
        try:
            work = self._from_server(is_secure, version, name, load, tell)
            await within(work, _LIMIT_MS)
        except asyncio.TimeoutError:
            self.state = FAILED
            raise LinkError("the update took more than 3 minutes")
        except BaseException:  # given up as well
            self.state = FAILED
            raise
        finally:
            self._is_running = False
        self.state = DONE
        tell(DONE)  # last of all: the host may be fast

    def in_background(self, is_secure, version, name, tell):
        """Begin the same; what goes wrong later is told as FAILED instead of raised."""
        load = self._loader(name)
        self._begin()
        try:
            asyncio.create_task(self._watched(is_secure, version, name, load, tell))
        except MemoryError:
            self._is_running = False
            raise

    async def _watched(self, is_secure, version, name, load, tell):
        try:
            await self._run(is_secure, version, name, load, tell)
        except ATError as error:
            log("update:", error.reason)
            tell(FAILED)
        except Exception as error:  # noqa: BLE001 - nobody else would hear of it
            log("update: failed unexpectedly:")
            sys.print_exception(error)
            tell(FAILED)

    def _begin(self):
        self.need_idle()
        self._is_running = True
        self.state = IDLE

    def _loader(self, name):
        """Return what takes (name, address, size, digest); ParamError for an unknown name."""
        if name == FIRMWARE:
            return self._load_firmware
        if name in [row[0] for row in self._flash.partitions()]:
            return self._load_partition
        if any(name.endswith(end) for end in _CERTIFICATES) and name in self._mfg.namespaces():
            return self._load_certificate
        raise invalid(2, "no image is called %s: see docs/update-server.md" % name)

    async def _from_server(self, is_secure, version, name, load, tell):
        def reach(state):
            if state > self.state:  # a redirect finds and connects again
                self.state = state
                tell(state)

        manifest, base = await self._manifest(
            is_secure, version, lambda: reach(FOUND), lambda: reach(CONNECTED)
        )
        try:
            row = manifest["images"][name]
            size, digest = row["size"], binascii.unhexlify(row["sha256"])
            address = url.join(base, row["url"].encode())
        except KeyError:
            raise LinkError("version %s has no image %s" % (manifest["version"], name))
        except (ValueError, TypeError, AttributeError):
            raise LinkError("the update server describes the image %s badly" % name)
        reach(VERSION)
        await load(name, address, size, digest)

    async def _manifest(self, is_secure, version, found, connected):
        """Return what the server says of a version, None for the newest, and where it said so."""
        text = bytearray()

        async def sink(data):
            text.extend(data)
            if len(text) > _MAX_MANIFEST:
                raise ValueError("a manifest has at most %d bytes" % _MAX_MANIFEST)

        address = "%s://%s/%s.json" % (
            "https" if is_secure else "http",
            self._server(),
            "latest" if version is None else version,
        )
        base = await self._fetch.get(address.encode(), sink, found, connected)
        try:
            manifest = json.loads(bytes(text))
            if not isinstance(manifest["version"], str):
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise LinkError("the update server sends no manifest")
        return manifest, base

    def _server(self):
        try:
            server = self._mfg.get("factory_param", "update_server")[1].decode()
        except (Absent, UnicodeError, AttributeError):
            server = ""
        if not server:
            raise StateError("no update server: AT+SYSMFG sets factory_param update_server")
        return server.rstrip("/")

    # Flash.

    async def _load_firmware(self, _name, address, size=None, digest=None):
        slot, room, image = self._slot()
        writer = Writer(self._flash, FIRMWARE, slot, room, image, self._trust.check)
        await self._load(writer, address, size, digest)
        _use(slot)

    async def _load_partition(self, name, address, size, digest):
        partition, room = self._flash.find(name)
        if size > room:
            raise LinkError("the image has %d bytes, %s only %d" % (size, name, room))
        await self._load(Writer(self._flash, name, partition, room), address, size, digest)

    async def _load_certificate(self, name, address, size, digest):
        text = Text()
        await self._load(text, address, size, digest)
        first = name + ".0"
        has_first = any(key == first for key, _ in self._mfg.keys(name))
        self._mfg.set(name, first if has_first else name, BLOB, text.data)

    async def _load(self, writer, address, size, digest):
        try:
            await self._fetch.get(address, writer.take)
            found = await writer.end()
        except ValueError as error:
            raise LinkError(str(error))
        finally:
            writer.close()
        if size is not None and (writer.size != size or found != digest):
            raise LinkError("the image is not the one that the update server describes")


def _use(slot):
    """Choose a slot for the next start."""
    try:
        slot.set_boot()
    except OSError as error:
        log("update: the chip refuses the image:", error)
        raise StoreError("the chip refuses the image: it is damaged, or not made for this module")


def create(at):
    """Build the service from those it stands on."""
    return Update(at.names, at.mfg, at.flash, at.trust)
