"""Stage ``http``: the endpoint on a large ledger, and ``mlflow models serve`` beside it."""

import json
import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from http_load import Load, request, run_load
from servers import HOST, Server, free_port, serving

from experiments.common.processes import environment, run_script
from experiments.common.results import Measure
from features import Ledger

run = partial(run_script, Path(__file__).resolve().parent)

CLIENTS = 16
SERVE = (sys.executable, "-c", "import walletrisk; walletrisk.main()", "serve")
SCORE = "/v1/wallets/score"


@dataclass(frozen=True, slots=True)
class Amount:
    """How much load: answers with one client, and seconds with sixteen."""

    requests: int = 2000
    mlflow_requests: int = 500
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Setting:
    """What both servers are given."""

    ledger: Path
    labels: Path
    as_of: pd.Timestamp
    seed: int
    work: Path

    @property
    def model(self) -> Path:
        """Return the folder of the trained model."""
        return self.work / "model"

    @property
    def registry(self) -> str:
        """Return the address of MLflow's database."""
        return f"sqlite:///{self.work / 'mlflow.db'}"


def measure(setting: Setting, amount: Amount) -> list[Measure]:
    """Train, serve, load, and compare; both servers give the same probabilities or it fails."""
    common = (
        setting.ledger, "--labels", setting.labels, "--model", setting.model,
        "--as-of", setting.as_of.isoformat(), "--seed", setting.seed,
    )  # fmt: skip
    trained = run("prepare_model.py", "train", *common)
    rows = setting.work / "rows.json"
    run("prepare_model.py", "log", *common, "--registry", setting.registry, "--rows", rows)
    ready = json.loads(rows.read_text())
    measures = [Measure("http: columns of the model", len(ready["columns"]), "columns")]
    measures.append(Measure("http: labelled rows of the model", trained["rows"], "rows"))
    rates, ours = _ours(setting, amount, ready)
    mlflow_rates, theirs = _mlflow(setting, amount, ready)
    for name, rate in rates.items():
        ratio = rate / mlflow_rates["row"]
        what = f"http: {name}, {CLIENTS} clients, walletrisk / mlflow"
        measures.append(Measure(what, ratio, "x", target=10.0, at_least=True))
    return measures + ours + theirs


def _ours(
    setting: Setting, amount: Amount, ready: dict[str, list[object]]
) -> tuple[dict[str, float], list[Measure]]:
    wallets = _wallets(setting)
    measures: list[Measure] = []
    rates = {}
    port = free_port()
    command = [
        *SERVE, "--ledger", str(setting.ledger), "--model", str(setting.model),
        "--labels", str(setting.labels), "--host", HOST, "--no-keys", "--port", str(port),
    ]  # fmt: skip
    env = environment(
        WALLETRISK_JOURNAL=f"sqlite:///{setting.work / 'journal.sqlite'}",
    )
    log = setting.work / "walletrisk.log"
    with serving(command, port=port, ready="/readyz", env=env, log=log, limit_s=180) as server:
        _check_ours(server, setting, ready)
        for what, include in (("score and reasons", ["reasons"]), ("score alone", [])):
            bodies = {
                kind: [
                    request(SCORE, _body(wallet, include), host=HOST, port=port)
                    for wallet in chosen
                ]
                for kind, chosen in wallets.items()
            }
            for kind, requests in bodies.items():
                load = _one_client(server, requests, amount.requests)
                name = f"http: {what}, 1 client, {kind} wallets"
                is_main = kind == "random"
                measures += _latency(name, load, p50=2.0 if is_main else None, p99=10.0)
            many = run_load(
                bodies["random"], host=HOST, port=port, clients=CLIENTS, limit_s=amount.seconds
            )
            rates[what] = many.rate
            name = f"http: {what}, {CLIENTS} clients"
            measures.append(Measure(name, many.rate, "requests/s", target=800.0, at_least=True))
            measures += _latency(name, many)
        measures.append(Measure("http: start until ready", server.start_s, "s"))
        measures.append(Measure("http: peak memory", server.peak_mib(), "MiB"))
    return rates, measures


def _mlflow(
    setting: Setting, amount: Amount, ready: dict[str, list[object]]
) -> tuple[dict[str, float], list[Measure]]:
    port = free_port()
    binaries = Path(sys.executable).parent
    command = [
        str(binaries / "mlflow"), "models", "serve", "--model-uri", "models:/walletrisk/1",
        "--env-manager", "local", "--host", HOST, "--port", str(port),
    ]  # fmt: skip
    env = environment(
        MLFLOW_TRACKING_URI=setting.registry,
        PATH=f"{binaries}{os.pathsep}{os.environ['PATH']}",
    )
    requests = [
        request("/invocations", _split(ready["columns"], [row]), host=HOST, port=port)
        for row in ready["data"]
    ]
    log = setting.work / "mlflow.log"
    with serving(command, port=port, ready="/ping", env=env, log=log, limit_s=180) as server:
        answer = run_load(requests[:1], host=HOST, port=port, clients=1, count=1, limit_s=60)
        _expect("mlflow", _answer(answer)["predictions"][0], ready["probability"][0])
        load = _one_client(server, requests, amount.mlflow_requests)
        measures = _latency("http: mlflow, a ready-made row, 1 client", load)
        many = run_load(requests, host=HOST, port=port, clients=CLIENTS, limit_s=amount.seconds)
        name = f"http: mlflow, a ready-made row, {CLIENTS} clients"
        measures.append(Measure(name, many.rate, "requests/s"))
        measures += _latency(name, many)
        measures.append(Measure("http: mlflow, peak memory", server.peak_mib(), "MiB"))
    return {"row": many.rate}, measures


def _wallets(setting: Setting) -> dict[str, list[str]]:
    """Draw wallets evenly; and the hundred with the longest histories."""
    ledger = Ledger.open(setting.ledger)
    rng = np.random.default_rng(setting.seed)
    degree = ledger.sides.incoming.count + ledger.sides.outgoing.count
    hubs = np.argsort(-np.asarray(degree[: ledger.n_wallets]), kind="stable")[:100]
    drawn = rng.integers(0, ledger.n_wallets, 2000)
    return {
        "random": [ledger.wallet(code) for code in drawn.tolist()],
        "hub": [ledger.wallet(code) for code in hubs.tolist()],
    }


def _body(wallet: object, include: list[str], as_of: str | None = None) -> bytes:
    body: dict[str, object] = {"wallet": wallet, "include": include}
    if as_of is not None:
        body["as_of"] = as_of
    return json.dumps(body).encode()


def _split(columns: list[object], rows: list[object]) -> bytes:
    return json.dumps({"dataframe_split": {"columns": columns, "data": rows}}).encode()


def _check_ours(server: Server, setting: Setting, ready: dict[str, list[object]]) -> None:
    """Ask for the wallets of the ready-made rows: the probabilities must be those of the rows."""
    for wallet, expected in zip(ready["wallets"], ready["probability"], strict=True):
        body = _body(wallet, ["reasons"], setting.as_of.isoformat())
        requests = [request(SCORE, body, host=HOST, port=server.port)]
        load = run_load(requests, host=HOST, port=server.port, clients=1, count=1, limit_s=60)
        _expect("the endpoint", _answer(load)["probability"], expected)


def _answer(load: Load) -> dict[str, list[float]]:
    answer: dict[str, list[float]] = json.loads(load.sample.partition(b"\r\n\r\n")[2])
    return answer


def _expect(who: str, got: object, expected: object) -> None:
    if not np.isclose(float(str(got)), float(str(expected)), rtol=1e-9, atol=0):
        raise RuntimeError(f"{who} answers {got}, the model says {expected}")


def _one_client(server: Server, requests: list[bytes], count: int) -> Load:
    """Measure with one client, after a tenth as many requests to warm up."""
    where = {"host": HOST, "port": server.port}
    run_load(requests, **where, clients=1, count=count // 10 + 1, limit_s=10)  # type: ignore[arg-type]
    return run_load(requests, **where, clients=1, count=count, limit_s=60)  # type: ignore[arg-type]


def _latency(
    name: str, load: Load, *, p50: float | None = None, p99: float | None = None
) -> list[Measure]:
    return [
        Measure(f"{name}, p50", load.quantile_ms(0.5), "ms", target=p50),
        Measure(f"{name}, p99", load.quantile_ms(0.99), "ms", target=p99 if p50 else None),
    ]
