"""What a score costs that reads the ledger: the endpoint over five million transfers.

The same ledger, server and load as experiment 0011, with models of kinds that read what lies around
a wallet. How good they are plays no part: they learn from a few hundred wallets.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from http_load import request, run_load
from matplotlib.figure import Figure
from measured import CLIENTS, latency, many_clients, one_client
from servers import HOST, Server
from setting import SCORE, Setting

from experiments.common.results import Measure
from features import Ledger, feature_table
from features.past import label_events
from features.table import compute_rows
from training import RiskModel, TrainConfig, out_of_time_shares, train
from training.models.estimator import Where

PARAMETERS: dict[str, Any] = {"epochs": 10}  # the defaults but for how long it learns
WITH_TREES: dict[str, dict[str, Any]] = {
    "hybrid": {"folds": 2, "of": {"graphsage": PARAMETERS}},
    "blend": {"of": {"pna": PARAMETERS}},
}
LEARNT = 300  # wallets of either class
BATCH, ALIKE, WARM = 1000, 20, 20
P50_MS, P99_MS = 15.0, 50.0  # of a score with its reasons


@dataclass(frozen=True)
class Served(Setting):
    """The setting of experiment 0011 with a model of another kind over the same ledger."""

    kind: str

    @property
    def model(self) -> Path:
        """Folder of the model."""
        return self.work / f"model-{self.kind}"

    @cached_property
    def ledger(self) -> Path:
        """Folder of the ledger, which all kinds share."""
        folder = self.work / "ledger"
        return folder if folder.exists() else super().ledger

    @cached_property
    def trained(self) -> dict[str, Any]:
        """How long training took, where it was not done by a run before; the model is saved."""
        if self.model.exists():
            return {}
        ledger, labels = Ledger.open(self.ledger), pd.read_parquet(self.labels)
        rng = np.random.default_rng(self.seed)
        some = labels.groupby("label").sample(30 if self.quick else LEARNT, random_state=self.seed)
        back = rng.uniform(0, 0.5, len(some)) * (self.as_of - labels["known_at"].min())
        as_of = (self.as_of - pd.to_timedelta(back).floor("s")).as_unit("us")
        spine = pd.DataFrame({"wallet": some["wallet"].to_numpy(), "as_of": as_of})
        split = out_of_time_shares(
            spine, test_share=0.25, calibrate_share=0.25, gap=pd.Timedelta(0)
        )
        config = TrainConfig(
            model=self.kind, seed=self.seed, base_rate=0.002, folds=2,
            parameters=WITH_TREES.get(self.kind, PARAMETERS),
        )  # fmt: skip
        table, begin = feature_table(ledger, spine, labels=labels), time.perf_counter()
        train(table, labels, split, config, ledger=ledger, known=labels).model.save(self.model)
        return {"train_s": time.perf_counter() - begin}


def measures(work: Path, *, quick: bool, kinds: tuple[str, ...]) -> list[Measure]:
    """All figures of the stage: of the kinds, and of those with trees beside a network."""
    folder = work / ("serving-quick" if quick else "serving")
    folder.mkdir(exist_ok=True)
    found: list[Measure] = []
    for kind in dict.fromkeys((*kinds, *WITH_TREES)):
        served = Served(folder, 0, quick, kind)
        with served.endpoint() as server:
            _check(server, served)
            found += _over_http(server, served)
        found += _parts(served)
    return found


def _over_http(server: Server, served: Served) -> list[Measure]:
    count, seconds = (30, 0.5) if served.quick else (500, 8.0)
    found = []
    for what, include in (("with reasons", ["reasons", "groups"]), ("score alone", [])):
        name = f"serving {served.kind}, {what}"
        asked = served.questions(server, "random", include)
        found += latency(
            f"{name}, 1 client", one_client(server, asked, count), p50=P50_MS, p99=P99_MS
        )
        load = many_clients(server, asked, seconds)
        found.append(Measure(f"{name}, {CLIENTS} clients", load.rate, "requests/s"))
        found += latency(f"{name}, {CLIENTS} clients", load)
        found.append(
            Measure(f"{name}, lists of {BATCH:,}", _listed(server, served, include), "wallets/s")
        )
    return found


def _listed(server: Server, served: Served, include: list[str]) -> float:
    """Wallets a second in lists, one client."""
    wallets = served.wallets["random"][:BATCH]
    items = [{"wallet": wallet, "include": include} for wallet in wallets]
    text = json.dumps({"items": items}).encode()
    asked = [request(f"{SCORE}:batch", text, host=HOST, port=server.port)]
    load = run_load(
        asked, host=HOST, port=server.port, clients=1, count=1 if served.quick else 3, limit_s=120
    )
    return load.rate * len(wallets)


def _parts(served: Served) -> list[Measure]:
    """Processor time of the parts of one question, in this process: medians."""
    ledger, model = Ledger.open(served.ledger), RiskModel.load(served.model)
    labels = label_events(ledger, pd.read_parquet(served.labels))
    codes = ledger.codes(served.wallets["random"][: 40 if served.quick else 300])
    instants = np.full(codes.size, served.as_of.value // 1000)
    took: dict[str, list[float]] = {}

    def timed(part: str, work: Callable[[], Any]) -> Any:
        begin = time.process_time()
        done = work()
        took.setdefault(part, []).append(1000 * (time.process_time() - begin))
        return done

    for at in range(codes.size):
        where = Where(ledger, codes[at : at + 1], instants[at : at + 1], labels)
        read = partial(compute_rows, ledger, where.codes, where.as_of, labels=labels)
        values = timed("views", partial(read, views=model.views))
        drawn = timed("what lies around", model.rows.inputs(values, None, where).drawn)
        for part, reasons in (("score alone", False), ("score with reasons", True)):
            timed(part, partial(model.rows.scores, drawn, values, reasons=reasons))
    return [
        Measure(f"serving {served.kind}, one row, {part}", float(np.median(each[WARM:])), "ms")
        for part, each in took.items()
    ]


def _check(server: Server, served: Served) -> None:
    """Raise unless the endpoint says what the model says in Python."""
    ledger, model = Ledger.open(served.ledger), RiskModel.load(served.model)
    wallets = served.wallets["random"][:ALIKE]
    spine = pd.DataFrame({"wallet": wallets, "as_of": served.as_of})
    wanted = model.score(ledger, spine, pd.read_parquet(served.labels))["probability"]
    items = [{"wallet": one, "as_of": served.as_of.isoformat()} for one in wallets]
    said = server.ask("POST", f"{SCORE}:batch", json.dumps({"items": items}).encode())
    found = [one["probability"] for one in said.told()["items"]]
    if not np.allclose(found, wanted, rtol=0, atol=1e-6):
        raise RuntimeError(f"the endpoint answers {found}, the model says {wanted.tolist()}")


def figures(found: list[Measure]) -> dict[str, Figure]:
    """None: the table says it."""
    del found
    return {}
