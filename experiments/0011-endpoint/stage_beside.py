"""Stage ``beside``: ours, an application that does nothing, and ``mlflow models serve``."""

import json
import os
import sys
from pathlib import Path

import numpy as np
from http_load import request, run_load
from measured import CLIENTS, answer, latency, many_clients, one_client
from servers import HOST, free_port, serving
from setting import Setting

from experiments.common.processes import environment
from experiments.common.results import Measure

HERE = Path(__file__).resolve().parent
REASONS = ["reasons", "groups"]


def measure(setting: Setting) -> list[Measure]:
    """Measure all three; ratios are of rates at sixteen clients and of p50 at one."""
    count, seconds = (50, 0.5) if setting.quick else (2000, 10.0)
    with setting.endpoint() as server:
        questions = setting.questions(server, "random", REASONS)
        ours = one_client(server, questions, count)
        our_rate = many_clients(server, questions, seconds).rate
        said = json.dumps(answer(ours)).encode()
    nothing, nothing_rate, measures = _nothing(setting, said, count, seconds)
    share = 1 - nothing / ours.quantile_ms(0.5)
    measures.append(
        Measure("beside: share of a score's time that is ours, not HTTP and JSON", share, "")
    )
    measures.append(
        Measure("beside: rate of nothing / walletrisk, 16 clients", nothing_rate / our_rate, "x")
    )
    rate, theirs = _mlflow(setting, count // 4, seconds)
    ratio = our_rate / rate
    name = f"beside: score and reasons, {CLIENTS} clients, walletrisk / mlflow"
    return [*measures, *theirs, Measure(name, ratio, "x", target=10.0, at_least=True)]


def _nothing(
    setting: Setting, said: bytes, count: int, seconds: float
) -> tuple[float, float, list[Measure]]:
    port, file = free_port(), setting.work / "said.json"
    file.write_bytes(said)
    command = [sys.executable, str(HERE / "nothing.py"), str(file), HOST, str(port)]
    log = setting.work / "nothing.log"
    with serving(
        command, port=port, ready="/readyz", env=environment(), log=log, limit_s=60
    ) as server:
        questions = setting.questions(server, "random", REASONS)
        load = one_client(server, questions, count)
        many = many_clients(server, questions, seconds)
    name = "beside: FastAPI that does nothing"
    measures = latency(f"{name}, 1 client", load)
    measures.append(Measure(f"{name}, {CLIENTS} clients", many.rate, "requests/s"))
    return load.quantile_ms(0.5), many.rate, measures


def _mlflow(setting: Setting, count: int, seconds: float) -> tuple[float, list[Measure]]:
    ready, port = setting.trained["ready"], free_port()
    binaries = Path(sys.executable).parent
    command = [
        str(binaries / "mlflow"), "models", "serve", "--model-uri", "models:/walletrisk/1",
        "--env-manager", "local", "--host", HOST, "--port", str(port),
    ]  # fmt: skip
    env = environment(
        MLFLOW_TRACKING_URI=setting.registry, PATH=f"{binaries}{os.pathsep}{os.environ['PATH']}"
    )
    requests = [
        request("/invocations", _split(ready["columns"], [row]), host=HOST, port=port)
        for row in ready["data"]
    ]
    log = setting.work / "mlflow.log"
    with serving(command, port=port, ready="/ping", env=env, log=log, limit_s=180) as server:
        first = run_load(requests[:1], host=HOST, port=port, clients=1, count=1, limit_s=60)
        got, expected = answer(first)["predictions"][0], ready["probability"][0]
        if not np.isclose(got, expected, rtol=1e-9, atol=0):
            raise RuntimeError(f"mlflow answers {got}, the model says {expected}")
        measures = latency(
            "beside: mlflow, a ready-made row, 1 client", one_client(server, requests, count)
        )
        many = many_clients(server, requests, seconds)
        name = f"beside: mlflow, a ready-made row, {CLIENTS} clients"
        measures.append(Measure(name, many.rate, "requests/s"))
        measures.append(Measure("beside: mlflow, peak memory", server.peak_mib(), "MiB"))
    return many.rate, measures


def _split(columns: list[object], rows: list[object]) -> bytes:
    return json.dumps({"dataframe_split": {"columns": columns, "data": rows}}).encode()
