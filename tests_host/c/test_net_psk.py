"""What only the openssl program can show: shared keys, ALPN refused."""

import subprocess

import pytest

from tests_host.c.netpeers import openssl_server, server_file
from tests_host.c.netscript import LIMIT_S

KEY = "1a2b3c4d5e6f708192a3b4c5d6e7f801"


CLIENT = """
import binascii
profile = atnet.Profile()
profile.psk(binascii.unhexlify(key), identity)
def run():
    link = secure(port, profile)
    print(atnet.tls_info(link)[1])
    write(link, b"hello\\n")
    print(read_exactly(link, 6))
print(failing(run))
"""


@pytest.mark.parametrize("cipher", ["ECDHE-PSK-AES128-CBC-SHA256", "PSK-AES128-GCM-SHA256"])
def test_a_server_with_the_same_key(net, cipher):
    options = ("-nocert", "-psk", KEY, "-psk_identity", "esp", "-cipher", cipher, "-rev")
    with openssl_server(*options) as server:
        lines = net.run(CLIENT, port=server.port, key=KEY, identity="esp")
    assert "PSK-WITH-AES-128" in lines[0]
    assert lines[1:] == ["b'olleh\\n'", "no error"]


def test_a_server_with_another_key(net):
    with openssl_server("-nocert", "-psk", KEY, "-psk_identity", "esp", "-rev") as server:
        lines = net.run(CLIENT, port=server.port, key="00" * 16, identity="esp")
    assert lines == ["psk mismatch"]


def test_a_server_without_shared_keys(net, tmp_path):
    certificate = server_file(tmp_path)
    with openssl_server("-cert", certificate, "-rev") as server:
        lines = net.run(CLIENT, port=server.port, key=KEY, identity="esp")
    assert lines == ["no common cipher"]


SERVER = """
import binascii
profile = atnet.Profile(True)
profile.psk(binascii.unhexlify(key), identity)
link = accepted(listening())
atnet.tls_start(link, profile)
print(failing(shake, link))
if atnet.error(link) is None:
    print(read_exactly(link, 6))
    write(link, b"welcome\\n")
atnet.close(link)
settle()
"""


@pytest.mark.parametrize(
    ("key", "identity", "reason"),
    [(KEY, "esp", "no error"), ("11" * 16, "esp", "psk mismatch"), (KEY, "who", "psk mismatch")],
)
def test_a_client_of_our_server(net, key, identity, reason):
    with net.running(SERVER, key=KEY, identity="esp") as process:
        port = process.stdout.readline().strip()
        words = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2", "-quiet"]
        words += ["-psk", key, "-psk_identity", identity]
        client = subprocess.run(
            words, input="hello\n", capture_output=True, text=True, timeout=LIMIT_S
        )
        assert process.stdout.readline() == reason + "\n"
        if reason == "no error":
            assert process.stdout.readline() == "b'hello\\n'\n"
            assert "welcome" in client.stdout


def test_keys_that_cannot_be_used(net):
    lines = net.run("""
profile = atnet.Profile()
print(failing(profile.psk, b"", "esp"), "-", failing(profile.psk, bytes(65), "esp"))
profile.psk(b"0123456789abcdef", "esp")
print(failing(profile.psk, b"0123456789abcdef", "esp"))
""")
    assert lines == ["bad PSK - bad PSK", "PSK is set already"]


def test_alpn_that_the_server_refuses(net, tmp_path):
    certificate = server_file(tmp_path)
    with openssl_server("-cert", certificate, "-alpn", "h2", "-rev") as server:
        lines = net.run(
            """
for names in (["mqtt"], ["mqtt", "h2"]):
    profile = atnet.Profile()
    profile.alpn(names)
    print(failing(lambda: print(atnet.tls_info(secure(port, profile))[2])))
profile = atnet.Profile()
print(failing(profile.alpn, ["a"] * 6), "-", failing(profile.alpn, ["x" * 256]))
""",
            port=server.port,
        )
    assert lines == ["alpn mismatch", "h2", "no error", "too many ALPN names - bad ALPN name"]
