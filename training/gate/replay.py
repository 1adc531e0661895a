"""Replay: the rows that were judged, asked of the endpoint, must get the answers of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from features.sources.known import PLAIN, TableOptions
from training.gate.lines import GateLine

if TYPE_CHECKING:
    from training.risk_model import RiskModel

SAMPLE = 100  # rows


class Served(NamedTuple):
    """What an endpoint is given: folders of a model and of a ledger, and a file of known labels.

    ``written`` says how the labels are written.
    """

    model: Path
    ledger: Path
    labels: Path | None
    written: TableOptions = PLAIN


# training must not import serving: the command line, which knows both, hands this in
Endpoint = Callable[[Served, Sequence[Mapping[str, Any]]], list[dict[str, Any]]]


def replay(
    model: RiskModel, table: pd.DataFrame, served: Served, endpoint: Endpoint, *, seed: int
) -> pd.DataFrame:
    """Ask the endpoint about a sample of rows of a table.

    Parameters
    ----------
    model
        Tabular kind; it is the one in ``served.model``.
    table
        Index (wallet, as_of), rows with enough transfers to be scored.
    served, endpoint
        What answers.
    seed
        Of the sample.

    Returns
    -------
    DataFrame
        Of the sampled rows: ``here``, by the model from the table; ``there``, by the endpoint, nan
        where it does not score.
    """
    places = np.sort(np.random.default_rng(seed).permutation(len(table))[:SAMPLE])
    rows = table.iloc[places]
    context = rows[list(model.context_names)]
    questions = [
        {
            "wallet": wallet,
            "as_of": as_of.isoformat(),
            **({"context": context.iloc[at].dropna().to_dict()} if model.context_names else {}),
        }
        for at, (wallet, as_of) in enumerate(rows.index)
    ]
    answers = endpoint(served, questions)
    there = [
        float(one["probability"]) if one.get("status") == "scored" else np.nan for one in answers
    ]
    return pd.DataFrame({"here": model.predict_proba(rows), "there": there}, index=rows.index)


def replay_line(found: pd.DataFrame | None, why: str = "") -> GateLine:
    """Return whether every replayed row got, to the bit, what the model says of the table's row.

    Parameters
    ----------
    found
        As :func:`replay` gives it; None where nothing was replayed.
    why
        Nothing was.
    """
    asks = "the endpoint says the same"
    if found is None:
        return GateLine(asks, None, f"not measured: {why}")
    other = (found["here"] != found["there"]).to_numpy()
    said = f"{len(found)} rows replayed through the endpoint, {int(other.sum())} answered otherwise"
    if other.any():
        wallet, as_of = found.index[int(np.argmax(other))]
        here, there = found.iloc[int(np.argmax(other))]
        said += f", such as {wallet} as of {as_of.isoformat()}: {here:.6g} here, {there:.6g} there"
    return GateLine(asks, not other.any(), said)
