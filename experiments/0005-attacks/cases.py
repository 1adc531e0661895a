"""Whose wallets are attacked: models, ledgers and test rows of the demo and of Ethereum."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.common import ethereum_phishing as protocol
from features import Ledger, feature_table
from features.sources.files import read_labels, read_spine
from training import OutOfTime, RiskModel, TrainConfig, train
from training.config import RunConfig
from training.demo import Workspace, prepare

ROOT = Path(__file__).resolve().parents[2]
DEMO, DEMO_LABELS, ETHEREUM = "demo", "demo, exposure", "Ethereum"
FIRSTS = ("5", "all")  # of experiment 0001: early, and on all history
SEEDS = range(3)


@dataclass(frozen=True, slots=True)
class Case:
    """A model with its ledger, its test rows and what is known.

    Parameters
    ----------
    name
        For tables.
    model
        Of the first seed.
    ledger, labels
        What it is asked with.
    scores
        Test rows: index (wallet, as_of); ``y_true``, ``probability`` of the model, and a column a
        seed, ``0``, ``1``, ..., with the probabilities of its model.
    """

    name: str
    model: RiskModel
    ledger: Ledger
    labels: pd.DataFrame
    scores: pd.DataFrame


def cases(work: Path, *, quick: bool) -> Iterator[Case]:
    """Train, and give the cases one after the other; quick: the demo without exposure alone."""
    seeds = range(1) if quick else SEEDS
    yield from _demo(work, seeds, (DEMO,) if quick else (DEMO, DEMO_LABELS))
    if not quick:
        yield from _ethereum(work, seeds)


def _demo(work: Path, seeds: range, names: tuple[str, ...]) -> Iterator[Case]:
    """The bundled bank, as ``walletrisk demo`` trains it, and a model that reads its labels too."""
    files = Workspace(work / "demo")
    ledger = prepare(ROOT / "demo", files)
    config = RunConfig.read(files.config)
    spine, labels = read_spine(files.spine), read_labels(files.labels)
    for name in names:
        table = feature_table(ledger, spine, labels=labels if name == DEMO_LABELS else None)
        split = config.split.splits(spine)[-1]
        yield _trained(name, table, labels, split, config.model, (ledger, seeds))


def _ethereum(work: Path, seeds: range) -> Iterator[Case]:
    """Real phishing wallets: the scale-free LightGBM of experiment 0001."""
    ledger, labels = protocol.ingest(work), protocol.read_labels()
    spines = {first: protocol.spine(ledger, labels, first) for first in protocol.POOL}
    tables = {first: feature_table(ledger, rows) for first, rows in spines.items()}
    config = TrainConfig(model="lightgbm", base_rate=protocol.BASE_RATE, columns="scale_free")
    for first in FIRSTS:
        split = protocol.split(spines[first])
        table = protocol.pooled(tables, first, split.train_until)
        yield _trained(f"{ETHEREUM}, k={first}", table, labels, split, config, (ledger, seeds))


def _trained(
    name: str,
    table: pd.DataFrame,
    labels: pd.DataFrame,
    split: OutOfTime,
    config: TrainConfig,
    world: tuple[Ledger, range],
) -> Case:
    ledger, seeds = world
    runs = [train(table, labels, split, config.model_copy(update={"seed": seed})) for seed in seeds]
    scores = runs[0].scores[["y_true", "probability"]].copy()
    for seed, run in zip(seeds, runs, strict=True):
        scores[str(seed)] = run.scores["probability"]
    return Case(name, runs[0].model, ledger, labels, scores)


def sample(victims: pd.DataFrame, most: int) -> pd.DataFrame:
    """Draw at most so many rows, always the same."""
    if len(victims) <= most:
        return victims
    rows = np.sort(np.random.default_rng(0).permutation(len(victims))[:most])
    return victims.iloc[rows]
