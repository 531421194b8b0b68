# ruff: noqa: PT017, UP031 - for MicroPython
"""Runs on the module: are the objects of romsamples.py as an import would have made them?"""

import builtins

import romother
import romsamples as r
from romsamples import Base, Derived, Failure

import atrom


def raises(kind, function):
    try:
        function()
    except kind:
        return True
    return False


def finish(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value


# Values.
assert r.NUMBER == 123456789012345678901234567890 and r.NEGATIVE == -1099511627776
assert r.AT_THE_EDGE[0] + 1 == r.AT_THE_EDGE[1] and r.AT_THE_EDGE[3] + 1 == r.AT_THE_EDGE[2]
assert r.AT_THE_EDGE[4] + 1 == r.AT_THE_EDGE[5] == 1 << 62
assert abs(r.RATIO - 0.1) < 1e-6
assert r.TEXT == "a text that is longer than any name would be, with \x00 and \xe9 in it"
assert r.DATA == b"\x00\xff bytes"
assert r.NESTED == (1, ("two", b"three", (None, True, False, ...)), ())
assert r.TABLE == {"one": 1, "two": (2, 2), 3: "three", b"four": 4, (5, 6): "tuple", None: "none"}
assert [r.BIG_TABLE["key%d" % i] for i in range(40)] == list(range(40))
assert "key40" not in r.BIG_TABLE and len(r.BIG_TABLE) == 40
assert [r.NUMBERS[i * 7] for i in range(30)] == list(range(30)) and 1 not in r.NUMBERS
assert list(r.STEPS) == [2, 5, 8, 11, 14, 17]

# Functions.
assert r.plain(1) == (1, 2, (), 3, {}) and r.plain(1, 5, 6, c=7, d=8) == (1, 5, (6,), 7, {"d": 8})
assert list(r.numbers(3)) == [0, 1, 2] and finish(r.waiting(4)) == 4
assert r.add_five(3) == 8 and r.double(4) == 8 and r.shout_twice("a") == "a!!"
assert [r.tick(), r.tick(), r.tick()] == [1, 2, 3]
assert [r.mutable(1), r.mutable(2)] == [1, 2]

# Classes.
first = Derived("One")
assert first.describe() == "<derived One>" and first.title == "ONE" and first.mixed() == "mixed"
first.title = "TWO"
assert first.name == "two" and Base.three() == 3 and Derived.made("x").describe() == "<derived x>"
assert len(first) == 3 and first[0] == "t" and first == Base("two") and hash(first) == 3
assert isinstance(first, Base) and issubclass(Derived, r.Mixin) and Derived.limits == (1, 2)
first.kind = "own"  # hides what the class has
assert first.describe() == "<own two>" and Derived("a").kind == "derived"
first.kind = "newer"
first.extra = 1
del first.extra
assert first.kind == "newer" and not hasattr(first, "extra")
doubled = r.Quadrupling()
doubled.two = 2
doubled.one = 3
assert (doubled.one, doubled.two) == (6, 4)
try:
    raise Failure(7)
except ValueError as error:
    assert error.code == 7 and str(error) == "failure 7"

# What changes is in RAM.
assert [r.count(), r.count()] == [1, 2] and r.counter == 2
r.squares.append(36)
r.seen.add(9)
r.buffer.extend(b"def")
r.found["b"] = 2
r.changing.name = "changed"
r.changing.new = 1
assert r.squares == [0, 1, 4, 9, 16, 25, 36] and r.seen == {1, "two", 9}
assert r.buffer == b"abcdef" and r.found == {"a": [1], "b": 2}
assert r.changing.describe() == "<derived changed>" and r.changing.new == 1

# What is constant stays so.
assert r.CONSTANT.describe() == r.describe() == "<derived fixed>"
assert raises(TypeError, lambda: setattr(r.CONSTANT, "name", "x"))
assert raises(TypeError, lambda: setattr(r.CONSTANT, "new", "x"))
assert raises(TypeError, lambda: r.TABLE.update({"x": 1}))
assert raises(TypeError, lambda: r.TABLE.pop("one"))
assert raises(AttributeError, lambda: setattr(Base, "kind", "x"))
assert raises(AttributeError, lambda: setattr(romother, "OTHER", "x"))
assert r.CONSTANT.name == "fixed" and Base.kind == "base"

# Modules.
*constants, hidden, length, error = romother.loads()
assert constants == [63, 64, -65, 1 << 40, -64, "a secret", None]
assert hidden() is romother.OTHER and length is len and error is ValueError
assert romother.keep("x") is romother.kept and romother.keep("y") == {"x": 0, "y": 1}
assert romother.LARGE == 64 and not hasattr(romother, "_SECRET")  # nobody outside asks for it
assert romother.back() == r.NUMBER and r.encode.dumps([1]) == "[1]"
assert romother.OTHER == {"from": "other"} and r.shout is romother.shout

# The same refusals, which say what is wrong; only names of the language can be hidden.
for change in (
    lambda: setattr(Base, "kind", "x"),
    lambda: setattr(Base, "new", "x"),
    lambda: delattr(Base, "kind"),
    lambda: setattr(romother, "OTHER", "x"),
    lambda: delattr(romother, "OTHER"),
    lambda: setattr(atrom, "prepare", "x"),
    lambda: setattr(r.CONSTANT, "new", "x"),
):
    try:
        change()
        raise AssertionError
    except (AttributeError, TypeError) as error:
        assert "is an attribute of a constant" in str(error)
assert raises(AttributeError, lambda: setattr(r.plain, "x", 1))
assert raises(TypeError, lambda: Base.__dict__.update(kind="x"))
assert raises(TypeError, lambda: exec("OTHER = 1", romother.__dict__))
assert raises(KeyError, lambda: delattr(r, "missing"))
assert raises(AttributeError, lambda: r.missing)
builtins.len = lambda of: 17
assert len("") == 17
del builtins.len
assert len("") == 0


# A user's classes inherit from those in flash.
class Own(Derived):
    def describe(self):
        return "own " + super().describe()


class OwnFailure(Failure):
    pass


class Both(r.Mixin, dict):
    pass


assert Own("x").describe() == "own <derived x>" and isinstance(Own("x"), Base)
Own.kind = "own"
assert Own("x").describe() == "own <own x>"
try:
    raise OwnFailure(3)
except Failure as error:
    assert error.code == 3
assert Both(a=1)["a"] == 1 and Both().mixed() == "mixed"
assert raises(TypeError, lambda: type("Conflict", (Failure, dict), {}))
assert raises(TypeError, lambda: type("Conflict", (Base, 1), {}))

# A property of the base is one of the heir; also of a class that type() made.
Made = type("Made", (Base,), {"kind": "made"})
made = Made("One")
made.title = "TWO"
assert made.name == "two" and made.title == "TWO" and made.describe() == "made two"
Own.own_title = property(lambda self: "own " + self.name)
assert Own("x").own_title == "own x"


class Plain(r.Mixin):
    pass


class Heir(Plain):
    pass


Plain.title = 1
assert raises(AttributeError, lambda: setattr(Plain, "__setattr__", lambda *_: None))
assert Heir.title == 1 and Heir().mixed() == "mixed"
print("all is as it should be")
