# ruff: noqa: PLW0603, UP028, UP031 - for MicroPython
"""One of each kind of object that goes into flash; in the PC's image, for test_rom.py."""

import json

from romother import shout

NUMBER = 123456789012345678901234567890
NEGATIVE = -(1 << 40)
AT_THE_EDGE = (1073741823, 1073741824, -1073741824, -1073741825, (1 << 62) - 1, 1 << 62)
RATIO = 0.1
TEXT = "a text that is longer than any name would be, with \x00 and \xe9 in it"
DATA = b"\x00\xff bytes"
NESTED = (1, ("two", b"three", (None, True, False, ...)), ())
TABLE = {"one": 1, "two": (2, 2), 3: "three", b"four": 4, (5, 6): "tuple", None: "none"}
BIG_TABLE = {"key%d" % i: i for i in range(40)}
NUMBERS = {i * 7: i for i in range(30)}
STEPS = range(2, 20, 3)
squares = [i * i for i in range(6)]
seen = {1, "two"}
buffer = bytearray(b"abc")
counter = 0
found = {"a": [1]}


def plain(a, b=2, *rest, c=3, **others):
    return a, b, rest, c, others


def mutable(item, held=[]):  # noqa: B006 - that is the test
    held.append(item)
    return len(held)


def count():
    global counter
    counter += 1
    return counter


def numbers(limit):
    for i in range(limit):
        yield i


async def waiting(value):
    return value


def adder(amount):
    def add(value):
        return value + amount

    return add


def ticker():
    ticks = 0

    def tick():
        nonlocal ticks
        ticks += 1
        return ticks

    return tick


add_five = adder(5)
tick = ticker()
double = lambda value: value * 2  # noqa: E731


class Base:
    kind = "base"
    limits = (1, 2)

    def __init__(self, name="none"):
        self.name = name

    def describe(self):
        return "%s %s" % (self.kind, self.name)

    @property
    def title(self):
        return self.name.upper()

    @title.setter
    def title(self, value):
        self.name = value.lower()

    @staticmethod
    def three():
        return 3

    @classmethod
    def made(cls, name):
        return cls(name)

    def __len__(self):
        return len(self.name)

    def __getitem__(self, index):
        return self.name[index]

    def __eq__(self, other):
        return isinstance(other, Base) and self.name == other.name

    def __hash__(self):
        return len(self.name)


class Mixin:
    def mixed(self):
        return "mixed"


class Derived(Mixin, Base):
    kind = "derived"

    def describe(self):
        return "<" + super().describe() + ">"


class Doubling:
    def __setattr__(self, name, value):
        super().__setattr__(name, value * 2)


class Quadrupling(Doubling):
    def __init__(self):
        self.one = 1


class Failure(ValueError):
    def __init__(self, code):
        super().__init__("failure %d" % code)
        self.code = code


CONSTANT = Derived("fixed")
changing = Derived("first")
describe = CONSTANT.describe
shout_twice = lambda text: shout(shout(text))  # noqa: E731
encode = json
