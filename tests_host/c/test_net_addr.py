"""Numeric addresses of the network layer, against the standard library's."""

import ipaddress
import random

SCRIPT = """
for text in texts:
    print(atnet.address(text))
"""


def normal(address):
    """Return the text the module has for an address: mapped ones are shown as IPv4."""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def test_addresses_are_read_and_written_as_the_standards_say(net):
    rng = random.Random(4)
    addresses = [ipaddress.IPv4Address(rng.getrandbits(32)) for _ in range(50)]
    for _ in range(200):
        # Few different groups, so that runs of zeros of every length and place come up.
        groups = [rng.choice(("0", "0", "0", "1", "abcd", "00f")) for _ in range(8)]
        addresses.append(ipaddress.IPv6Address(":".join(groups)))
    addresses += [ipaddress.IPv6Address(text) for text in ("::", "::1", "::ffff:10.0.0.1")]
    texts = [str(a) for a in addresses] + [a.exploded.upper() for a in addresses]
    lines = net.run(SCRIPT, texts=texts)
    expected = [str((a.version, normal(a))) for a in addresses]
    assert lines == expected * 2


def test_other_ways_to_write_an_address(net):
    texts = ["fe80::1%3", "1::2:3.4.5.6", "0:0:0:0:0:ffff:1.2.3.4"]
    lines = net.run(SCRIPT, texts=texts)
    assert lines == ["(6, 'fe80::1%3')", "(6, '1::2:304:506')", "(6, '1.2.3.4')"]


def test_what_is_no_address(net):
    bad = ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.a", "1..2.3", " 1.2.3.4", "1.2.3.4 "]
    bad += ["1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", ":", ":::", "::1:", "g::"]
    bad += ["1:2:3:4:5:6:7::8:9", "::1.2.3", "1.2.3.4%1", "fe80::1%", "fe80::1%eth0", "0001.2.3.4"]
    bad += ["localhost", "1" * 70, "::" + "1" * 70]
    assert net.run(SCRIPT, texts=bad) == ["None"] * len(bad)


def test_ports_and_families_are_checked(net):
    lines = net.run("""
udp = atnet.open(atnet.UDP, 4)
print(failing(atnet.bind, udp, "127.0.0.1", 65536))
print(failing(atnet.bind, udp, "127.0.0.1", -1))
print(failing(atnet.bind, udp, "::1", 0))
print(failing(atnet.bind, udp, "nowhere", 0))
""")
    assert lines == ["bad port", "bad port", "address of the wrong family", "bad address"]
