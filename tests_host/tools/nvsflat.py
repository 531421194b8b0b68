"""The factory tool's picture of NVS data in the form of the strict reader, to compare them."""

from tests_host.simulator import nvsreader
from tools.params import nvs


def flat(content):
    """Return a content in the form of the strict reader."""
    types = {name: kind for kind, (name, _) in nvs._NUMBERS.items()} | {
        "string": nvsreader.STRING,
        "blob": nvsreader.BLOB,
    }
    return {
        (space, key): (types[kind], value.encode() if kind == "string" else value)
        for space, pairs in content.items()
        for key, (kind, value) in pairs.items()
    }
