"""One request to the supervisor, which keeps the world; used by the other imitated modules."""

import json

import _sim


def call(op, **fields):
    """Return the answer as a dict. An answer with "esp_err" is raised as the chip raises it."""
    answer = ask(op, **fields)
    _sim.fail(answer.get("esp_err", 0))
    return answer


def ask(op, **fields):
    """Return the answer as it comes, with "esp_err" if the chip refuses."""
    fields["op"] = op
    return json.loads(_sim.call(json.dumps(fields)))


def report(**fields):
    """Tell the supervisor something that needs no answer."""
    _sim.report(json.dumps(fields))
