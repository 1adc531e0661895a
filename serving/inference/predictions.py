"""Answers of the scorer in the shape in which the logged model says them: one row a wallet."""

from collections.abc import Mapping
from typing import Any

from serving.answering import Answer
from serving.inference.table import Table, refused
from training.risk_model import RiskModel
from training.scores import SAID


def answered(answer: Answer, table: Table, row: int) -> dict[str, Any]:
    """The score of a table's row.

    Raises
    ------
    MistakesError
        It has a problem instead, which refuses the whole table.
    """
    if answer.told is None:
        raise refused(answer.content["detail"], table, row)
    return answer.content


def prediction(answer: Mapping[str, Any], model: RiskModel) -> dict[str, Any]:
    """Give one row of :meth:`training.risk_model.RiskModel.score`, null where that has nan.

    Parameters
    ----------
    answer : mapping
        :class:`serving.schemas.answers.WalletScore`.
    model : RiskModel
        Which gave it.
    """
    row = {name: answer[name] for name in SAID}
    kinds = model.categories
    if kinds is not None:
        shares = dict(zip(kinds.names, kinds.bare_shares.tolist(), strict=True))
        unscored = {name: share * answer["probability"] for name, share in shares.items()}
        told = answer["categories"] or unscored
        row |= {f"probability_{name}": told[name] for name in kinds.names}
    age = answer["coverage"]["ledger_age_s"]
    return {**row, "known": answer["known"], "ledger_age_s": age, "stale": answer["stale"]}
