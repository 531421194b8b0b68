"""Servers that echo, for scripts of the network layer."""

import pytest

from tests_host.c.netpeers import tls_serving
from tests_host.c.netscript import echo, serving


@pytest.fixture
def echo_port():
    """Return the port of a TCP server that sends back what comes."""
    with serving(echo) as port:
        yield port


@pytest.fixture
def tls_port():
    """Return the port of one that speaks TLS, with the good certificate."""
    with tls_serving() as port:
        yield port
