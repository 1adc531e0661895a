"""One question about a transfer that was not made, as questions about its two wallets."""

from datetime import datetime
from typing import Any, NamedTuple

from features.errors import RiskError
from serving.schemas.requests import ScoreRequest, address_of
from serving.schemas.transfer_questions import TransferQuestion


class TransferQuestions(NamedTuple):
    """What is asked of the scorer.

    Attributes
    ----------
    counterparty : ScoreRequest
    before, after : ScoreRequest or None
        About the caller's own wallet, where one is named.
    """

    counterparty: ScoreRequest
    before: ScoreRequest | None
    after: ScoreRequest | None


def questions_of(asked: TransferQuestion, as_of: datetime, *, labelled: bool) -> TransferQuestions:
    """Ask about the counterparty, and about the caller's wallet without and with the transfer.

    Parameters
    ----------
    asked : TransferQuestion
    as_of : datetime
        For all of them, so that they differ by the transfer alone.
    labelled : bool
        Whether labels are loaded, so that exposure can be told.

    Raises
    ------
    RiskError
        Both wallets are the same.
    """
    usual = ["groups", "exposure"] if labelled else ["groups"]
    common: dict[str, Any] = {
        "as_of": as_of, "include": usual if asked.include is None else asked.include,
    }  # fmt: skip
    counterparty = ScoreRequest(wallet=asked.counterparty, context=asked.context, **common)
    if asked.wallet is None:
        return TransferQuestions(counterparty, None, None)
    ends = address_of(asked.counterparty), address_of(asked.wallet)
    if ends[0] == ends[1]:
        raise RiskError("wallet and counterparty are the same")
    sender, recipient = ends if asked.direction == "deposit" else ends[::-1]
    moved = {
        "sender": sender, "recipient": recipient, "amount": asked.amount, "asset": asked.asset,
        "value": asked.value,
    }  # fmt: skip
    before = ScoreRequest(wallet=asked.wallet, context=asked.wallet_context, **common)
    after = ScoreRequest.model_validate({**before.model_dump(), "transfers": [moved]})
    return TransferQuestions(counterparty, before, after)
