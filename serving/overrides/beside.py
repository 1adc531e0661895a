"""Decisions beside the scores of ``RiskModel.score``, which knows of no database."""

from pathlib import Path

import pandas as pd

from features.contracts.times import microseconds
from features.sources.ingest import chain_of
from serving.ledger_settings import database_beside
from serving.overrides.decisions import read_decisions


def overrides_of(
    scores: pd.DataFrame, ledger: str | Path, *, records: str | None = None
) -> pd.Series:
    """Look up what analysts had decided of wallets, as of their instants.

    Parameters
    ----------
    scores
        Indexed by (wallet, as_of), as ``RiskModel.score`` returns them.
    ledger
        Folder of the ledger that the endpoint serves.
    records
        SQLAlchemy URL of the endpoint's records; default: beside the ledger.

    Returns
    -------
    Series of object
        ``override``, by (wallet, as_of): a dict as answers of the endpoint have it, or None.

    Raises
    ------
    RiskError
        The records cannot be read.
    """
    folder = Path(ledger)
    found = read_decisions(database_beside(folder, "records") if records is None else records)
    told: list[object] = [None] * len(scores)
    if found is not None:
        chain, instants = chain_of(folder, None), microseconds(scores.index.to_frame()["as_of"])
        asked = zip(scores.index.get_level_values("wallet"), instants.tolist(), strict=True)
        told = [found.told(chain, wallet, as_of) for wallet, as_of in asked]
    return pd.Series(told, scores.index, dtype=object, name="override")
