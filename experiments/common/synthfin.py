"""The simulated agents of synthfin-aml 9.2.0 (MIT), where that package is installed.

`pip install --no-deps synthfin-aml==9.2.0`. Only its generator is used, and that is loaded by file:
the package itself imports a loader of data sets that few have installed. Its published figures
(GraphSAGE 0.882, LightGBM 0.848) are of 10,000 agents, 10 days and other seeds, with a column
``initial_balance`` that the generator overwrites with the balance at the end; it is not read here.
"""

import contextlib
import io
import sys
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.common.arms import Bools
from features import Ledger, check_labels, check_transfers

PACKAGE = "synthfin_aml_pkg"
DAYS = 10
START = pd.Timestamp("2024-01-01", tz="UTC")


class MissingError(Exception):
    """The package is not installed."""


@dataclass(frozen=True, slots=True)
class Agents:
    """One simulation.

    Parameters
    ----------
    ledger
        Its transfers.
    labels
        A row an agent; known from the start.
    acted : bool array, shape (agents,)
        Whether the agent is an end of a transfer that is marked as fraud.
    """

    ledger: Ledger
    labels: pd.DataFrame
    acted: Bools

    @property
    def end(self) -> pd.Timestamp:
        """The first instant after all transfers."""
        last = self.ledger.last_timestamp
        assert last is not None
        return last + pd.Timedelta(1, "us")


def simulate(seed: int, agents: int, days: int = DAYS) -> Agents:
    """Let the package simulate; equal arguments give equal agents.

    Raises
    ------
    MissingError
        If the package is not there.
    """
    found = util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise MissingError("pip install --no-deps synthfin-aml==9.2.0")
    file = Path(found.submodule_search_locations[0]) / "generator.py"
    spec = util.spec_from_file_location("synthfin_generator", file)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    with contextlib.redirect_stdout(io.StringIO()):
        made = module.FraudGraphGenerator(seed=seed).generate_transactions(agents, days)
        told, moved = made.to_dataframes()
    return _read(told, moved)


def _read(told: pd.DataFrame, moved: pd.DataFrame) -> Agents:
    """Agents and transfers under our contracts."""
    transfers = pd.DataFrame(
        {
            "tx_id": moved["txn_id"].astype("str"),
            "timestamp": moved["timestamp"].dt.tz_localize("UTC").astype("datetime64[us, UTC]"),
            "sender": moved["source_id"].astype("str"),
            "recipient": moved["target_id"].astype("str"),
            "amount": moved["amount"].round(2).clip(lower=0.01),
            "asset": "usd",
        }
    )
    labels = pd.DataFrame(
        {
            "wallet": told["agent_id"].astype("str"),
            "label": np.where(told["is_fraud"], "illicit", "licit"),
            "known_at": START.as_unit("us"),
        }
    )
    fraud = moved[moved["is_fraud"] == 1]
    acted = told["agent_id"].isin({*fraud["source_id"], *fraud["target_id"]}).to_numpy()
    return Agents(Ledger.from_transfers(check_transfers(transfers)), check_labels(labels), acted)
