"""Webhooks go where they may, and nowhere else."""

import asyncio
import socket
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from features import RiskError
from serving.watch.callback import Callback, Network, parse_callback, require_allowed
from serving.watch.sending import send
from tests.serving.watch.receiver import Receiver

HERE: list[Network] = [ip_network("127.0.0.0/8")]


def test_a_callback_is_taken_apart() -> None:
    assert parse_callback("https://risk.example/a%20b?c=d") == Callback(
        True, "risk.example", 443, "/a%20b?c=d"
    )
    assert parse_callback("http://127.0.0.1:81", HERE) == Callback(False, "127.0.0.1", 81, "/")
    assert parse_callback("https://[2606:4700::1111]:8443/").host == "2606:4700::1111"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://risk.example/", "https, but for this machine"),
        ("ftp://risk.example/", "such as https"),
        ("https:///path", "such as https"),
        ("https://me:secret@risk.example/", "no user"),
        ("https://risk.example/#part", "no fragment"),
        ("https://risk.example:99999/", "no URL"),
        ("https://risk.example/a b", "visible ASCII"),
        ("https://risk.example/\r\nx: y", "visible ASCII"),
        ("https://risk.example/" + "x" * 2000, "visible ASCII"),
        ("http://127.0.0.1/", "not public"),
        ("https://127.0.0.1/", "not public"),
        ("https://10.0.0.1/", "not public"),
        ("https://169.254.169.254/latest/meta-data", "not public"),
        ("https://[::1]/", "not public"),
        ("https://[fe80::1]/", "not public"),
        ("https://[::ffff:10.0.0.1]/", "not public"),
        ("https://[64:ff9b::a00:1]/", "not public"),
        ("https://[2002:a00:1::]/", "not public"),
        ("https://[::7f00:1]/", "not public"),
        ("https://[64:ff9b:1::a00:1]/", "not public"),
        ("https://[fec0::1]/", "not public"),
        ("https://[::ffff:0:a00:1]/", "not public"),
        ("https://100.64.0.1/", "not public"),
        ("https://0.0.0.0/", "not public"),
        ("https://224.0.0.1/", "not public"),
    ],
)
def test_other_callbacks_are_refused(url: str, message: str) -> None:
    with pytest.raises(RiskError, match=message):
        parse_callback(url)


def test_every_address_of_a_name_must_be_allowed() -> None:
    public, private = ip_address("1.1.1.1"), ip_address("10.0.0.1")
    require_allowed([public], ())
    require_allowed([public, private], [ip_network("10.0.0.0/16")])
    with pytest.raises(RiskError, match="not public"):
        require_allowed([public, private], [ip_network("10.9.0.0/16"), ip_network("::/0")])


def test_a_connection_goes_to_the_address_that_was_looked_at() -> None:
    """A name that has another address at its second look-up (rebinding) changes nothing."""
    asked: list[str] = []

    async def sent(receiver: Receiver) -> int:
        loop = asyncio.get_running_loop()
        real = loop.getaddrinfo

        async def resolve(host: Any, port: Any, **options: Any) -> Any:
            asked.append(host)
            if host == "risk.example":
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
            return await real(host, port, **options)

        loop.getaddrinfo = resolve  # type: ignore[method-assign]
        port = int(receiver.url.rpartition(":")[2])
        callback = Callback(False, "risk.example", port, "/hook")
        with pytest.raises(RiskError, match="not public"):
            await send(callback, {}, b"{}", networks=(), timeout_s=5)
        assert not receiver.came
        said = await send(callback, {"x": "y"}, b"{}", networks=HERE, timeout_s=5)
        return said.status

    with Receiver() as receiver:
        assert asyncio.run(sent(receiver)) == 204
        (came,) = receiver.came
        assert came.headers["host"].startswith("risk.example:")
    assert asked.count("risk.example") == 2  # one look-up a sending
