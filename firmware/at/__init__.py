"""The AT application, in layers: each file imports only from those below its own."""
