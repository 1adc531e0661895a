"""Stage ``steady``: memory over two hundred thousand requests."""

from http_load import run_load
from measured import CLIENTS
from servers import HOST
from setting import Setting

from experiments.common.results import Measure

REQUESTS, FIRST = 200_000, 20_000


def measure(setting: Setting) -> list[Measure]:
    """Resident memory after a tenth of the requests, and after all."""
    requests, first = (200, 20) if setting.quick else (REQUESTS, FIRST)
    with setting.endpoint() as server:
        questions = setting.questions(server, "random", ["reasons", "groups"])
        sizes = []
        for count in (first, requests - first):
            run_load(
                questions, host=HOST, port=server.port, clients=CLIENTS, count=count, limit_s=3600
            )
            sizes.append(server.resident_mib())
    return [
        Measure(f"steady: memory after {first:,} requests", sizes[0], "MiB"),
        Measure(f"steady: memory after {requests:,} requests", sizes[1], "MiB"),
        Measure("steady: growth", sizes[1] / sizes[0] - 1, "", target=0.02),
    ]
