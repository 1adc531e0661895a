"""Stage ``http``: the endpoint's own latency and rate, single wallets and batches."""

import json

import numpy as np
from http_load import request, run_load
from measured import CLIENTS, answer, latency, many_clients, one_client
from prometheus_client.parser import text_string_to_metric_families
from servers import HOST, Server
from setting import SCORE, Setting

from experiments.common.results import Measure

WHAT: tuple[tuple[str, list[str]], ...] = (
    ("score and reasons", ["reasons", "groups"]),
    ("score alone", []),
)
BATCH = 1000


def measure(setting: Setting, *, audit: str) -> list[Measure]:
    """Measure with an audit of this kind; the targets are for ``relaxed``, the default."""
    count, seconds = (50, 0.5) if setting.quick else (2000, 10.0)
    begin = f"http, audit {audit}"
    with setting.endpoint(audit=audit) as server:
        _check(server, setting)
        measures = [] if audit != "relaxed" else [
            Measure(f"{begin}: start until ready", server.start_s, "s")
        ]  # fmt: skip
        for what, include in WHAT:
            main = include and audit == "relaxed"
            for kind in ("random", "hub"):
                before = _stage_sums(server)
                load = one_client(server, setting.questions(server, kind, include), count)
                if main and kind == "random":
                    measures += _stage_means(f"{begin}: {what}", before, _stage_sums(server))
                targets = {"p50": 1.0, "p99": 5.0} if main and kind == "random" else {}
                measures += latency(f"{begin}: {what}, 1 client, {kind} wallets", load, **targets)
            load = many_clients(server, setting.questions(server, "random", include), seconds)
            name = f"{begin}: {what}, {CLIENTS} clients"
            target = 1200.0 if main else None
            measures.append(Measure(name, load.rate, "requests/s", target=target, at_least=True))
            measures += latency(name, load)
            batch = _batch(server, setting, include, 2 if setting.quick else 10)
            name = f"{begin}: {what}, batches of {BATCH:,}"
            target = 4000.0 if main else None
            measures.append(Measure(name, batch, "wallets/s", target=target, at_least=True))
        measures.append(Measure(f"{begin}: peak memory", server.peak_mib(), "MiB"))
    return measures


def _stage_sums(server: Server) -> dict[str, tuple[float, float]]:
    """Seconds and number of each stage of scores so far, as the server measures them itself."""
    text = server.ask("GET", "/metrics").body.decode()
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            for end in ("_sum", "_count"):
                if sample.name == f"walletrisk_stage_seconds{end}":
                    found.setdefault(sample.labels["stage"], {})[end] = sample.value
    return {stage: (of["_sum"], of["_count"]) for stage, of in found.items()}


def _stage_means(
    name: str, before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]]
) -> list[Measure]:
    """Mean time of each stage between two readings."""
    measures = []
    for stage, (seconds, count) in after.items():
        first_s, first = before.get(stage, (0.0, 0.0))
        mean = 1000 * (seconds - first_s) / (count - first)
        measures.append(Measure(f"{name}, mean of stage {stage}", mean, "ms"))
    return measures


def _batch(server: Server, setting: Setting, include: list[str], count: int) -> float:
    """Wallets a second in batches, one client."""
    wallets = setting.wallets["random"]
    bodies = []
    for turn in range(len(wallets) // BATCH):
        items = [
            {"wallet": wallet, "include": include}
            for wallet in wallets[turn * BATCH : (turn + 1) * BATCH]
        ]
        body = json.dumps({"items": items}).encode()
        bodies.append(request(f"{SCORE}:batch", body, host=HOST, port=server.port))
    run_load(bodies, host=HOST, port=server.port, clients=1, count=1, limit_s=60)
    load = run_load(bodies, host=HOST, port=server.port, clients=1, count=count, limit_s=120)
    return load.rate * BATCH


def _check(server: Server, setting: Setting) -> None:
    """Ask for the wallets of the ready-made rows: the probabilities must be those of the rows."""
    ready = setting.trained["ready"]
    for wallet, expected in zip(ready["wallets"], ready["probability"], strict=True):
        body = {"wallet": wallet, "as_of": setting.as_of.isoformat()}
        requests = [request(SCORE, json.dumps(body).encode(), host=HOST, port=server.port)]
        load = run_load(requests, host=HOST, port=server.port, clients=1, count=1, limit_s=60)
        got = answer(load)["probability"]
        if not np.isclose(got, expected, rtol=1e-9, atol=0):
            raise RuntimeError(f"the endpoint answers {got}, the model says {expected}")
