"""Which transfers moved scores: of kinds of model that read them one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from features.trails.moved import moved
from training.manifest import ModelError
from training.models.estimator import SIDES
from training.spine_scorer import asked_of

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.models.estimator import Told
    from training.risk_model import RiskModel


def transfer_reasons(
    model: RiskModel,
    ledger: Ledger,
    spine: pd.DataFrame,
    labels: pd.DataFrame | None = None,
    context: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Say what scores would lose without single transfers.

    A transfer is taken out of what arrives at the wallet, with what lies behind its other end; what
    the wallet's own row and sequence say stays. So two that tell the same lose little each, and
    contributions of a wallet need not sum to those of its senders and recipients.

    Parameters
    ----------
    model
        Of a kind that reads transfers.
    ledger, spine, labels, context
        As for :meth:`training.RiskModel.score`.

    Returns
    -------
    DataFrame
        A row a transfer; columns wallet, as_of, side (``senders`` or ``recipients``), tx_id,
        position, timestamp, sender, recipient, amount, asset and contribution: what the log-odds of
        the probability lose without it. Wallets that are not scored have no rows.

    Raises
    ------
    ModelError
        If the model reads no single transfers, or does not fit the ledger.
    """
    if model.estimator.reads == "table":
        raise ModelError(f"a model of kind {model.kind!r} reads no single transfers")
    asked = asked_of(model, ledger, spine, labels, context, reasons=True)
    values, inputs = model.spines.read(ledger, asked)
    inputs = inputs.drawn()
    scores = model.rows.scores(inputs, values, reasons=asked.reasons)
    told = cast("Told", inputs.told)
    facts = moved(ledger, told.transfer)
    found = pd.DataFrame({
        "wallet": asked.spine["wallet"].to_numpy()[told.row],
        "as_of": asked.spine["as_of"].array[told.row],
        "side": np.array(SIDES)[told.side],
        "tx_id": facts.tx_id,
        "position": facts.position,
        "timestamp": pd.to_datetime(facts.time, unit="us", utc=True),
        "sender": facts.sender,
        "recipient": facts.recipient,
        "amount": facts.amount,
        "asset": facts.asset,
        "contribution": np.concatenate([np.empty(0), *(scores.changes or [])]),
    })  # fmt: skip
    scored = np.array(scores.status) == "scored"
    chosen: pd.DataFrame = found.loc[scored[told.row]]
    return chosen.reset_index(drop=True)
