"""One request to the supervisor, which keeps the world; used by the other imitated modules."""

import json

import _sim


def call(op, **fields):
    """Return the answer as a dict. An answer with "esp_err" is raised as the chip raises it."""
    fields["op"] = op
    answer = json.loads(_sim.call(json.dumps(fields)))
    _sim.fail(answer.get("esp_err", 0))
    return answer


def report(**fields):
    """Tell the supervisor something that needs no answer."""
    _sim.report(json.dumps(fields))
