"""The simulated bank of IBM AMLSim: its accounts, their truth, and their columns."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.common import arms
from experiments.common.arms import Bools, Int8s
from features import Ledger, feature_table
from features.sources.formats import read_files

NAMES = ("fanin200", "fanin200cycle200")
TEST_SHARE = 0.3
SMALL = 20.0  # no licit transfer of these simulations is below 100, no illicit one above 20
COLLECTED = 3  # senders of illicit transfers that make the centre of a fan-in


@dataclass(frozen=True, slots=True)
class Bank:
    """One simulation: accounts in one order, their truth and their label-free columns."""

    name: str
    ledger: Ledger
    labels: pd.DataFrame
    spine: pd.DataFrame
    table: pd.DataFrame
    y_true: Int8s
    transfers: pd.DataFrame
    acted: Bools  # illicit accounts that took part in an illicit transfer
    centre: Bools  # those of them that collected from several

    def exposure(self, known: pd.DataFrame, spine: pd.DataFrame | None = None) -> pd.DataFrame:
        """Columns that read labels, with these labels known."""
        views = arms.views_named(arms.EXPOSURE)
        rows = self.spine if spine is None else spine
        return feature_table(self.ledger, rows, labels=known, views=views)


def read_bank(folder: Path, name: str) -> Bank:
    """Read a simulation, as of the day after the last label became known."""
    files = [folder / f"{name}_transactions.parquet", folder / f"{name}_nodes.parquet"]
    transfers, labels, *_ = read_files("amlsim", files)
    assert labels is not None
    ledger = Ledger.from_transfers(transfers)
    as_of = labels["known_at"].max() + pd.Timedelta(1, "D")
    spine = pd.DataFrame({"wallet": labels["wallet"], "as_of": as_of})
    views = arms.views_named((*arms.PLAIN, *arms.RELATIONAL, *arms.shapes()))
    table = feature_table(ledger, spine, views=views)
    small = transfers[transfers["amount"] < SMALL]
    acted = labels["wallet"].isin({*small["sender"], *small["recipient"]}).to_numpy()
    collected = small.groupby("recipient")["sender"].nunique()
    centre = labels["wallet"].isin(collected.index[collected >= COLLECTED]).to_numpy()
    y_true = (labels["label"] == "illicit").to_numpy().astype(np.int8)
    return Bank(name, ledger, labels, spine, table, y_true, transfers, acted, centre)


def test_rows(bank: Bank, seed: int) -> Bools:
    """A random part of the accounts."""
    return np.random.default_rng(seed).random(len(bank.y_true)) < TEST_SHARE
