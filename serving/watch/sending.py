"""One POST to a callback: to the address that was looked at, in bounded time, no further.

No redirect is followed, and nothing of the answer is read but its head.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from anyio import to_thread

from serving.addresses import Address
from serving.watch.callback import Callback, Network, require_allowed

MOST_HEAD_BYTES = 16 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
_RETRY_AFTER = re.compile(rb"\r\nretry-after:[ \t]*(\d{1,6})[ \t]*\r\n", re.IGNORECASE)


class Said(NamedTuple):
    """What a receiver said."""

    status: int
    retry_after_s: int | None = None


class SendingError(Exception):
    """Nothing was said; the message names no address."""


async def send(
    callback: Callback,
    headers: Mapping[str, str],
    body: bytes,
    *,
    networks: Iterable[Network],
    timeout_s: float,
) -> Said:
    """Send a body, and say what was said to it.

    Raises
    ------
    SendingError
        It could not be sent, or not answered in time, or not by HTTP.
    RiskError
        An address of the name is not allowed.
    """
    try:
        async with asyncio.timeout(timeout_s):
            addresses = await _resolve(callback)
            require_allowed(addresses, networks)
            return await _exchange(callback, addresses[0], _head(callback, headers, body) + body)
    except TimeoutError:
        raise SendingError(f"no answer within {timeout_s:g} s") from None
    except ssl.SSLError as error:
        raise SendingError(f"TLS: {error.reason or 'failed'}") from None
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise SendingError(f"no connection, or no answer: {type(error).__name__}") from None


async def _resolve(callback: Callback) -> list[Address]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(callback.host, callback.port, type=socket.SOCK_STREAM)
    addresses = dict.fromkeys(str(place[0]).partition("%")[0] for *_, place in found)
    if not addresses:
        raise SendingError("the name has no address")
    return [ipaddress.ip_address(one) for one in addresses]


async def _exchange(callback: Callback, address: Address, sent: bytes) -> Said:
    # in a thread: certificates take tens of milliseconds to read, which scores would wait for
    secure = await to_thread.run_sync(ssl.create_default_context) if callback.secure else None
    reader, writer = await asyncio.open_connection(
        str(address),
        callback.port,
        ssl=secure,
        server_hostname=callback.host if secure else None,
        limit=MOST_HEAD_BYTES,
    )
    try:
        writer.write(sent)
        await writer.drain()
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            status = _STATUS.match(head)
            if status is None:
                raise SendingError("the answer is no HTTP")
            if not status[1].startswith(b"1"):  # what comes before the answer
                after = _RETRY_AFTER.search(head)
                return Said(int(status[1]), int(after[1]) if after else None)
    finally:
        writer.transport.abort()


def _head(callback: Callback, headers: Mapping[str, str], body: bytes) -> bytes:
    host = f"[{callback.host}]" if ":" in callback.host else callback.host
    named = {
        "host": f"{host}:{callback.port}",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "user-agent": "walletrisk",
        "connection": "close",
        **headers,
    }
    lines = [f"POST {callback.target} HTTP/1.1", *(f"{k}: {v}" for k, v in named.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")
