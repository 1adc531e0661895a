"""Transfers that a question supposes: checked, and as the ledger takes them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from features import Transfer
from features.contracts.addresses import canonical_one
from features.contracts.times import instant_text
from features.errors import RiskError
from serving.schemas.requests import SupposedTransfer
from serving.schemas.values import microseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def supposed_transfers(
    asked: Sequence[SupposedTransfer], as_of: int, address: Callable[[str], str]
) -> list[Transfer]:
    """Bring transfers into the ledger's terms, each a transaction of its own.

    Parameters
    ----------
    asked : sequence of SupposedTransfer
        Without a time: made just before ``as_of``.
    as_of : int, microseconds since 1970 UTC
    address : callable
        Gives a wallet's canonical spelling.

    Raises
    ------
    RiskError
        One is not before ``as_of``, where it would change nothing, or names no address.
    """
    made = []
    for number, one in enumerate(asked):
        time = as_of - 1 if one.timestamp is None else microseconds(one.timestamp)
        if time >= as_of:
            raise RiskError(
                f"supposed transfer {number} is made at {instant_text(time)}, not before as_of "
                f"{instant_text(as_of)}: it would change nothing"
            )
        made.append(
            Transfer(
                f"supposed {number}",
                _EPOCH + timedelta(microseconds=time),
                address(one.sender),
                address(one.recipient),
                float(one.amount),
                canonical_one(one.asset, ""),
                value=None if one.value is None else float(one.value),
            )
        )
    return made
