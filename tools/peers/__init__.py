"""Servers, brokers and clients on this PC that tests and conformance let a module talk to."""
