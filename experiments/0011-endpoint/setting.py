"""What every stage is given: a ledger of five million transfers, labels, and a model of them."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from http_load import request
from servers import HOST, Server, free_port, serving

from experiments.common.processes import environment, run_script
from experiments.common.synthetic import START, Sizes, generate, labels, write
from features import Ledger

SCORE = "/v1/wallets/score"
SERVE = (sys.executable, "-c", "import walletrisk; walletrisk.main()", "serve", "--no-keys")

run = partial(run_script, Path(__file__).resolve().parent)


@dataclass(frozen=True)
class Setting:
    """Files of one run, made when they are first asked for.

    Parameters
    ----------
    work : Path
        An empty folder.
    seed : int
    quick : bool
        Tiny sizes, to see that it runs.
    """

    work: Path
    seed: int
    quick: bool

    @property
    def as_of(self) -> pd.Timestamp:
        """End of the transfers."""
        return START + pd.Timedelta(days=Sizes().days)

    @property
    def labels(self) -> Path:
        """File of known wallets."""
        return self.work / "labels.parquet"

    @property
    def model(self) -> Path:
        """Folder of the model."""
        return self.work / "model"

    @property
    def registry(self) -> str:
        """Address of MLflow's database."""
        return f"sqlite:///{self.work / 'mlflow.db'}"

    @cached_property
    def ledger(self) -> Path:
        """Folder of the ledger."""
        sizes = Sizes(transfers=20_000, wallets=2_000) if self.quick else Sizes()
        synthetic = generate(self.seed, sizes)
        table, folder = self.work / "transfers.parquet", self.work / "ledger"
        write(synthetic, table)
        known = labels(synthetic, n_licit=300 if self.quick else 4000, seed=self.seed)
        known.to_parquet(self.labels)
        run("prepare_model.py", "build", folder, "--transfers", table)
        return folder

    @cached_property
    def trained(self) -> dict[str, Any]:
        """What training said; and rows as MLflow's server wants them."""
        common = (
            self.ledger, "--labels", self.labels, "--model", self.model,
            "--as-of", self.as_of.isoformat(), "--seed", self.seed,
        )  # fmt: skip
        said = run("prepare_model.py", "train", *common)
        rows = self.work / "rows.json"
        run("prepare_model.py", "log", *common, "--registry", self.registry, "--rows", rows)
        return said | {"ready": json.loads(rows.read_text())}

    @cached_property
    def wallets(self) -> dict[str, list[str]]:
        """Wallets drawn evenly; and the hundred with the longest histories."""
        ledger = Ledger.open(self.ledger)
        rng = np.random.default_rng(self.seed)
        degree = ledger.sides.incoming.count + ledger.sides.outgoing.count
        hubs = np.argsort(-np.asarray(degree[: ledger.n_wallets]), kind="stable")[:100]
        drawn = rng.integers(0, ledger.n_wallets, 2000)
        return {
            "random": [ledger.wallet(code) for code in drawn.tolist()],
            "hub": [ledger.wallet(code) for code in hubs.tolist()],
        }

    def kept(self, name: str) -> dict[str, str]:
        """Settings of an endpoint that begins, and ends, several times with what it wrote."""
        folder = self.work / name
        folder.mkdir()
        return {
            "audit_folder": str(folder / "audit"),
            "journal": f"sqlite:///{folder / 'journal.sqlite'}",
            "records": f"sqlite:///{folder / 'records.sqlite'}",
        }

    @contextmanager
    def endpoint(self, **variables: str) -> Iterator[Server]:
        """Run ``walletrisk serve`` with journal and records of its own.

        ``variables`` are settings of the endpoint by name, without their prefix.
        """
        self.trained  # noqa: B018 - made before the clock starts
        port = free_port()
        command = [
            *SERVE, "--ledger", str(self.ledger), "--model", str(self.model),
            "--labels", str(self.labels), "--host", HOST, "--port", str(port),
        ]  # fmt: skip
        own = f"served-{port}"
        given = self.kept(own) | variables
        env = environment(**{f"WALLETRISK_{name.upper()}": text for name, text in given.items()})
        log = self.work / own / "walletrisk.log"
        with serving(command, port=port, ready="/readyz", env=env, log=log, limit_s=300) as server:
            yield server

    def questions(self, server: Server, kind: str, include: list[str]) -> list[bytes]:
        """Requests for wallets of a kind, ready to be sent."""
        return [
            request(
                SCORE, json.dumps({"wallet": wallet, "include": include}).encode(),
                host=HOST, port=server.port,
            )
            for wallet in self.wallets[kind]
        ]  # fmt: skip
