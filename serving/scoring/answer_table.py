"""Answers as a table: what fits into columns, a row a wallet."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

_TEXTS = ("wallet", "chain", "as_of", "status", "band", "model_version", "problem")
_NUMBERS = ("probability", "probability_low", "probability_high", "log_odds")
_FLAGS = ("sanctioned", "listed", "stale")
_TYPES: dict[str, pa.DataType] = {
    "item": pa.int64(),
    **dict.fromkeys(_TEXTS[:4], pa.string()),
    **dict.fromkeys(_NUMBERS, pa.float64()),
    "band": pa.string(),
    **dict.fromkeys(_FLAGS, pa.bool_()),
    **dict.fromkeys(_TEXTS[5:], pa.string()),
}
SCHEMA = pa.schema(_TYPES)


def answer_row(item: int, answer: Mapping[str, Any]) -> dict[str, Any]:
    """One row of a table of ``SCHEMA``.

    Parameters
    ----------
    item : int
        Place in the list.
    answer : mapping
        :class:`serving.schemas.answers.WalletScore`, with or without its ids.
    """
    known = answer["known"]
    plain = {name: answer[name] for name in SCHEMA.names if name in answer}
    return plain | {
        "item": item,
        "wallet": answer["wallet"]["address"],
        "chain": answer["wallet"].get("chain"),
        "sanctioned": None if known is None else known["sanctioned"],
        "listed": None if known is None else bool(known["entries"]),
        "model_version": answer["model"]["version"],
    }


def problem_row(item: int, wallet: str | None, detail: str) -> dict[str, Any]:
    """One row of such a table for what could not be answered."""
    return {"item": item, "wallet": wallet, "problem": detail}
