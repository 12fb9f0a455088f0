"""Several requests at the same moment, over whatever carries them one at a time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from conformance.transport import AsgiTransport, Request, Response, Transport, TransportTrouble

__all__ = ["together"]


def together(transport: Transport, requests: Sequence[Request]) -> tuple[Response | TransportTrouble, ...]:
    """The answer to each of several requests that are sent at the same moment, or why there is none."""
    if isinstance(transport, AsgiTransport):
        return transport.send_together(requests)
    ready = threading.Barrier(len(requests))

    def send(request: Request) -> Response | TransportTrouble:
        ready.wait()
        try:
            return transport.send(request)
        except TransportTrouble as trouble:
            return trouble

    with ThreadPoolExecutor(len(requests), thread_name_prefix="lti-together") as pool:
        return tuple(pool.map(send, requests))
