"""The data and the choices behind ``walletrisk demo``: a simulated bank, asked once an account."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import SourceError
from features.ledger import Ledger
from features.sources.formats import read_files
from training.truth import labels_to_y

# the first three are learnt from, the last tests; demo.toml holds the borders. There is one origin:
# that an account is licit is known when the simulation ends, at the end of May
AS_OF = pd.to_datetime(["2017-04-01", "2017-05-01", "2017-05-15", "2017-06-01"], utc=True)
ASIDE = 20  # one account in so many is kept from the training altogether, to be asked about
ASKED = AS_OF[-1] + pd.Timedelta(1, "D")  # after all that the model learns from
CHOICE = (
    "One account in twenty was kept from the training. The account asked about is, of the illicit "
    "ones among them, the one that the model ranks highest."
)
_NAME = "fanin200cycle200"


@dataclass(frozen=True, slots=True)
class Workspace:
    """Files of one demo, all in one folder."""

    folder: Path

    @property
    def ledger(self) -> Path:
        """Ledger folder."""
        return self.folder / "ledger"

    @property
    def labels(self) -> Path:
        """Labels."""
        return self.folder / "labels.parquet"

    @property
    def spine(self) -> Path:
        """Which account is asked about, as of when."""
        return self.folder / "spine.parquet"

    @property
    def aside(self) -> Path:
        """Accounts that nothing is learnt from, as of a day later."""
        return self.folder / "aside.parquet"

    @property
    def config(self) -> Path:
        """What is trained."""
        return self.folder / "demo.toml"

    @property
    def tracking_uri(self) -> str:
        """MLflow store."""
        return f"sqlite:///{self.folder.resolve() / 'mlflow.db'}"


def prepare(source: Path, work: Workspace) -> Ledger:
    """Write ledger, spine, labels and configuration of the demo.

    Parameters
    ----------
    source : Path
        The ``demo`` folder of the checkout.
    work : Workspace
        Files of an earlier demo in it are replaced.

    Returns
    -------
    Ledger

    Raises
    ------
    SourceError, LedgerError
        The bundled data is missing, or a file is in the ledger's way.
    """
    data = source / "amlsim"
    files = [data / f"{_NAME}_transactions.parquet", data / f"{_NAME}_nodes.parquet"]
    transfers, labels, *_ = read_files("amlsim", files)
    if labels is None:
        raise SourceError("the simulation came without labels")
    ledger = Ledger.from_transfers(transfers)
    work.folder.mkdir(parents=True, exist_ok=True)
    ledger.save(work.ledger)
    for file in work.folder.glob(f"{work.ledger.name}.journal.sqlite*"):
        file.unlink()  # of the ledger that was replaced: the endpoint refuses it
    labels.to_parquet(work.labels)
    aside = kept_aside(labels["wallet"])
    one_question_each(labels["wallet"][~aside]).to_parquet(work.spine)
    asked = pd.DataFrame({"wallet": labels["wallet"][aside], "as_of": ASKED})
    asked.to_parquet(work.aside)
    config = (source / "demo.toml").read_text(encoding="utf-8")
    config += f"\n[mlflow]\ntracking_uri = {json.dumps(work.tracking_uri)}\n"
    work.config.write_text(config, encoding="utf-8")
    return ledger


def kept_aside(wallets: pd.Series) -> NDArray[np.bool_]:
    """Say which wallets are kept from the training; a hash of the name alone decides."""
    return np.asarray(_hashes(wallets) // np.uint64(len(AS_OF)) % np.uint64(ASIDE) == 0)


def one_question_each(wallets: pd.Series) -> pd.DataFrame:
    """Ask about every wallet once; a hash of its name, and nothing else, decides as of when."""
    turn = _hashes(wallets) % np.uint64(len(AS_OF))
    return pd.DataFrame({"wallet": wallets, "as_of": AS_OF[turn.astype(np.int64)]})


def _hashes(wallets: pd.Series) -> NDArray[np.uint64]:
    return pd.util.hash_array(wallets.to_numpy(dtype=object))


def example_wallet(scores: pd.DataFrame, labels: pd.DataFrame) -> tuple[str, pd.Timestamp]:
    """Choose the illicit wallet of the highest score, the first by name among equals.

    Parameters
    ----------
    scores : DataFrame
        Index (wallet, as_of); ``probability``, as ``RiskModel.score`` gives it.
    labels : DataFrame
        Label contract.

    Returns
    -------
    wallet : str
    as_of : Timestamp
    """
    illicit = scores[labels_to_y(labels, scores) == 1].reset_index()
    first = illicit.sort_values(["probability", "wallet"], ascending=[False, True]).iloc[0]
    return str(first["wallet"]), pd.Timestamp(first["as_of"])
