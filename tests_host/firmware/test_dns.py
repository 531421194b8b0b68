"""DNS messages under CPython, with dnslib as the judge."""

import ipaddress
from itertools import pairwise

import dnslib
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from at.wire import address, dns

LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=63)
HOST = st.lists(LABEL, min_size=1, max_size=6).map(".".join).filter(lambda name: len(name) < 250)
KIND = st.sampled_from([dns.A, dns.AAAA])
IDENT = st.integers(0, 0xFFFF)


def record(owner, kind, value, ttl=60):
    data = {"A": dnslib.A, "AAAA": dnslib.AAAA, "CNAME": dnslib.CNAME}[kind](value)
    return dnslib.RR(owner, getattr(dnslib.QTYPE, kind), ttl=ttl, rdata=data)


def answered(host, kind, *records, ident=7, **flags):
    """Let dnslib compose an answer and read it."""
    query = dnslib.DNSRecord.parse(dns.query(ident, dns.pack_name(host), kind))
    reply = query.reply()
    for entry in records:
        reply.add_answer(entry)
    for name, value in flags.items():
        setattr(reply.header, name, value)
    return dns.answer(reply.pack(), ident, dns.pack_name(host), kind)


@given(IDENT, HOST, KIND)
def test_a_query_asks_what_was_wanted(ident, host, kind):
    parsed = dnslib.DNSRecord.parse(dns.query(ident, dns.pack_name(host), kind))
    assert parsed.header.id == ident
    assert (parsed.header.rd, parsed.header.qr, parsed.header.opcode) == (1, 0, 0)
    assert [(str(q.qname), q.qtype, q.qclass) for q in parsed.questions] == [(host + ".", kind, 1)]


@pytest.mark.parametrize("host", ["", ".", "a..b", ".a", "x" * 64 + ".test", "a." * 127 + "b.c"])
def test_names_that_dns_cannot_carry_are_refused(host):
    with pytest.raises(ValueError, match="name"):
        dns.pack_name(host)


def test_a_dot_at_the_end_and_capitals_make_no_difference():
    assert dns.pack_name("WWW.Test.") == dns.pack_name("www.test") == b"\3www\4test\0"


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16))
@example(bytes(16))
@example(bytes(15) + b"\1")
@example(b"\0\1" * 8)
@example(bytes(12) + b"\1\2\3\4")
def test_an_address_is_written_as_the_standard_wants_and_read_back(raw):
    text = address.unpack(raw)
    assert ipaddress.ip_address(text).packed == raw
    assert address.pack(text) == raw
    if not text.startswith("::") or raw[:4] != bytes(4):  # Python writes ::1.2.3.4, as some may
        assert text == str(ipaddress.ip_address(raw))


@given(
    st.text("0123456789abcdefF:.x%", max_size=20)
    | st.from_regex(r"[0-9a-f]{0,5}(::?[0-9a-f]{0,5}){0,9}", fullmatch=True)
)
@example("1.2.3.4")
@example("::ffff:1.2.3.4")
@example("1::2::3")
@example("1:2:3:4:5:6:7::")
@example("1:2:3:4:5:6:7:8::")
@example("01.2.3.4")
def test_what_is_an_address_is_decided_as_python_does(text):
    try:
        expected = ipaddress.ip_address(text).packed
    except ValueError:
        expected = None
    if "%" in text or any(part.startswith("0") and len(part) > 1 for part in text.split(".")):
        assume(False)  # zones are not for us; leading zeros are decimal here
    assert address.pack(text) == expected
    assert address.family(text) == (0 if expected is None else 4 if len(expected) == 4 else 6)


def test_a_leading_zero_in_a_dotted_address_is_no_octal_number():
    assert address.pack("010.0.0.1") == b"\x0a\0\0\1"


@given(HOST, st.integers(0, 0x7FFFFFFF), st.ip_addresses())
def test_an_address_comes_with_the_time_it_may_be_kept(host, ttl, value):
    kind = "A" if value.version == 4 else "AAAA"
    entry = record(host, kind, str(value), ttl)
    said, text, keep_s = answered(host, getattr(dns, kind), entry)
    assert (said, ipaddress.ip_address(text), keep_s) == (dns.FOUND, value, ttl)


@given(HOST, st.lists(HOST, min_size=1, max_size=5, unique=True), st.randoms())
def test_aliases_are_followed_in_any_order(host, aliases, random):
    assume(host not in aliases)
    chain = [host, *aliases]
    entries = [record(a, "CNAME", b, 100 + i) for i, (a, b) in enumerate(pairwise(chain))]
    entries.append(record(chain[-1], "A", "192.0.2.9", 99))
    random.shuffle(entries)
    assert answered(host, dns.A, *entries) == (dns.FOUND, "192.0.2.9", 99)


def test_an_alias_without_an_address_is_to_be_asked_for():
    entries = record("a.test", "CNAME", "b.test"), record("b.test", "CNAME", "c.test")
    assert answered("a.test", dns.AAAA, *entries) == (dns.ALIAS, dns.pack_name("c.test"), 0)


def test_aliases_in_a_circle_end():
    entries = record("a.test", "CNAME", "b.test"), record("b.test", "CNAME", "a.test")
    assert answered("a.test", dns.A, *entries) == (dns.EMPTY, None, 0)


def test_records_of_other_names_and_kinds_do_not_count():
    entries = record("evil.test", "A", "192.0.2.66"), record("a.test", "AAAA", "2001:db8::1")
    assert answered("a.test", dns.A, *entries) == (dns.EMPTY, None, 0)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"rcode": 3}, dns.UNKNOWN),
        ({"rcode": 2}, dns.FAILED),
        ({"rcode": 5}, dns.FAILED),
        ({"tc": 1}, dns.FAILED),
        ({}, dns.EMPTY),
    ],
)
def test_refusals_are_told_apart(flags, said):
    assert answered("a.test", dns.A, **flags)[0] == said


@pytest.mark.parametrize("flags", [{"rcode": 5}, {"rcode": 1}, {"rcode": 3}, {"tc": 1}, {}])
def test_an_answer_without_the_question_is_not_taken_on_its_number_alone(flags):
    packet = dnslib.DNSRecord(dnslib.DNSHeader(id=7, qr=1, **flags)).pack()
    with pytest.raises(ValueError, match=r"cut off|not the"):
        dns.answer(packet, 7, dns.pack_name("a.test"), dns.A)


@pytest.mark.parametrize(
    "change",
    [
        {"id": 8},
        {"qr": 0},
        {"opcode": 4},
        {"q": dnslib.DNSQuestion("b.test")},
        {"q": dnslib.DNSQuestion("a.test", dnslib.QTYPE.AAAA)},
    ],
)
def test_answers_to_other_queries_are_not_taken(change):
    reply = dnslib.DNSRecord.parse(dns.query(7, dns.pack_name("a.test"), dns.A)).reply()
    reply.add_answer(record("a.test", "A", "192.0.2.1"))
    for name, value in change.items():
        if name == "q":
            reply.questions = [value]
        else:
            setattr(reply.header, name, value)
    with pytest.raises(ValueError, match="not the"):
        dns.answer(reply.pack(), 7, dns.pack_name("a.test"), dns.A)


def test_every_cut_of_an_answer_is_refused():
    reply = dnslib.DNSRecord.parse(dns.query(7, dns.pack_name("a.test"), dns.A)).reply()
    reply.add_answer(record("a.test", "CNAME", "b.test"), record("b.test", "A", "192.0.2.1"))
    packet = reply.pack()
    for size in range(len(packet)):
        with pytest.raises(ValueError, match=r"cut off|shorter|question|points|head"):
            dns.answer(packet[:size], 7, dns.pack_name("a.test"), dns.A)


@pytest.mark.parametrize(
    "pointer", [b"\xc0\x18", b"\xc0\x0c", b"\xc0\xff", b"\xff\xff", b"\x40", b"\xc0"]
)
def test_pointers_that_lead_nowhere_or_in_circles_are_refused(pointer):
    packet = bytearray(dns.query(7, dns.pack_name("a.test"), dns.A))
    packet[2:8] = b"\x81\x80\0\1\0\1"
    # An owner that points at itself (24), or forwards; 12 is the question's name, so it is made
    # part of a circle by a label in front.
    if pointer == b"\xc0\x0c":
        packet[12:14] = b"\xc0\x0c"
    with pytest.raises(ValueError, match=r"points|cut off|label|question"):
        dns.answer(bytes(packet) + pointer, 7, dns.pack_name("a.test"), dns.A)


@given(st.binary(max_size=120), IDENT)
@example(b"\0\7\x81\x80\0\1\0\1\0\0\0\0" + b"\xc0\x0c" * 20, 7)
def test_garbage_is_refused_and_never_believed(packet, ident):
    name = dns.pack_name("a.test")
    try:
        said = dns.answer(packet, ident, name, dns.A)[0]
    except ValueError:
        return
    assert said == dns.FAILED  # a refusal without a question needs no more than a head


@given(st.data())
def test_a_damaged_answer_never_does_more_than_fail(data):
    reply = dnslib.DNSRecord.parse(dns.query(7, dns.pack_name("a.test"), dns.A)).reply()
    reply.add_answer(record("a.test", "CNAME", "b.test"), record("b.test", "A", "192.0.2.1"))
    packet = bytearray(reply.pack())
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(12, len(packet) - 1))] = data.draw(st.integers(0, 255))
    try:
        said, value, _ = dns.answer(bytes(packet), 7, dns.pack_name("a.test"), dns.A)
    except ValueError:
        return
    assert said in (dns.FOUND, dns.ALIAS, dns.EMPTY)
    assert (value is None) == (said == dns.EMPTY)


@given(IDENT, HOST, KIND, st.booleans())
def test_our_own_answer_is_understood_by_others(ident, host, kind, recursive):
    query = dnslib.DNSRecord(
        dnslib.DNSHeader(id=ident, rd=int(recursive)), q=dnslib.DNSQuestion(host, kind)
    )
    parsed = dnslib.DNSRecord.parse(dns.reply(query.pack(), b"\xc0\xa8\4\1", 30))
    assert (parsed.header.id, parsed.header.rd, parsed.header.qr) == (ident, recursive, 1)
    assert parsed.questions == query.questions
    expected = [("192.168.4.1", 30)] if kind == dns.A else []
    assert [(str(rr.rdata), rr.ttl) for rr in parsed.rr] == expected


@given(st.binary(max_size=60))
def test_a_client_may_send_anything(packet):
    try:
        name, _, end = dns.question(packet)
    except ValueError:
        return
    assert name.endswith(b"\0") and end <= len(packet)
