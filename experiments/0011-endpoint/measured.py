"""Loads on a server, and the measures that come of them."""

import json
from typing import Any

from http_load import Load, run_load
from servers import HOST, Server

from experiments.common.results import Measure

CLIENTS = 16


def one_client(server: Server, requests: list[bytes], count: int) -> Load:
    """Ask with one client, after a tenth as many requests to warm up."""
    run_load(requests, host=HOST, port=server.port, clients=1, count=count // 10 + 1, limit_s=10)
    return run_load(requests, host=HOST, port=server.port, clients=1, count=count, limit_s=60)


def many_clients(server: Server, requests: list[bytes], seconds: float) -> Load:
    """Ask with sixteen clients for some seconds."""
    return run_load(requests, host=HOST, port=server.port, clients=CLIENTS, limit_s=seconds)


def latency(
    name: str, load: Load, *, p50: float | None = None, p99: float | None = None
) -> list[Measure]:
    """Measures of how long answers took, in milliseconds, with their targets."""
    return [
        Measure(f"{name}, p50", load.quantile_ms(0.5), "ms", target=p50),
        Measure(f"{name}, p99", load.quantile_ms(0.99), "ms", target=p99),
    ]


def answer(load: Load) -> dict[str, Any]:
    """The last answer of a load."""
    found: dict[str, Any] = json.loads(load.sample.partition(b"\r\n\r\n")[2])
    return found
