"""TLS on a socket whose peer may be gone already."""

from __future__ import annotations

import socket
import ssl


def wrap(context: ssl.SSLContext, sock: socket.socket, **options: object) -> ssl.SSLSocket:
    """Return context.wrap_socket(sock, **options); if that raises, nothing stays open.

    CPython (3.11.2, ssl.py _create) raises without closing what it has made if the peer reset the
    connection before. Only the traceback still knows that socket.
    """
    try:
        return context.wrap_socket(sock, **options)  # type: ignore[arg-type]
    except (OSError, ValueError) as error:
        trace = error.__traceback__
        while trace:
            made = trace.tb_frame.f_locals.get("self")
            if isinstance(made, ssl.SSLSocket):
                made.close()
            trace = trace.tb_next
        raise
