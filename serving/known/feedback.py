"""What analysts found: kept for training, and read by no answer.

A finding often follows from a score. As a label that answers read, it would make a model's own
opinion evidence for its next one. So it waits here until someone exports it, and decides in the
configuration of a training what it is used for.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features.contracts.labels import UNSPECIFIED
from features.contracts.times import instant_text
from features.errors import RiskError
from serving.known.tables import FEEDBACK, instants, of_chain
from serving.records import Records

SOURCE = "feedback"
UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Finding:
    """What an analyst found of a wallet, its address canonical."""

    wallet: str
    finding: str
    category: str
    available_at_us: int
    confidence: float
    score: str | None
    note: str | None


class Feedback:
    """The findings, kept in the records."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def add(
        self,
        findings: Sequence[Finding],
        *,
        chain: str,
        author: str,
        now_us: int,
        operation: str | None,
    ) -> list[int]:
        """Write findings down; returns their ids.

        Parameters
        ----------
        findings : sequence of Finding
        chain : str
            That they are of.
        author : str
            The caller.
        now_us : int, microseconds since 1970 UTC
        operation : str, optional
            Of the request; findings of one that was written before are not written again.

        Raises
        ------
        RiskError
            A finding became available in the future.
        RecordsError
            Nothing was written.
        """
        said = {"chain": chain, "author": author, "received_at_us": now_us, "operation": operation}
        for place, one in enumerate(findings):
            if one.available_at_us > now_us:
                raise RiskError(
                    f"finding {place}: available_at {instant_text(one.available_at_us)} lies in "
                    f"the future; now is {instant_text(now_us)}"
                )
        with self._records.writing("the records did not take the feedback") as connection:
            if operation is not None:
                own = sa.select(FEEDBACK.c.id).where(FEEDBACK.c.operation == operation)
                before = list(connection.scalars(own.order_by(FEEDBACK.c.place)))
                if before:
                    return before
            ids = []
            for place, one in enumerate(findings):
                row = asdict(one) | said | {"place": place}
                new = sa.insert(FEEDBACK).values(row).returning(FEEDBACK.c.id)
                ids.append(connection.execute(new).scalar_one())
        return ids

    def labels(self, chain: str | None) -> tuple[pd.DataFrame, int]:
        """The findings as labels for training, and how many say nothing in the end.

        A later finding of a wallet by the same author ends the one before; one that is unclear only
        ends. They are of source "feedback/AUTHOR", known when they became available.

        Raises
        ------
        RiskError
            There are findings of several chains, and none is named.
        """
        with self._records.reading() as connection:
            query = sa.select(FEEDBACK).where(of_chain(connection, FEEDBACK, chain, "feedback"))
            query = query.order_by(FEEDBACK.c.available_at_us, FEEDBACK.c.id)
            found = connection.execute(query).all()
        ends: dict[tuple[str, str], int] = {}
        rows: list[dict[str, Any]] = []
        for one in reversed(found):
            until = ends.get((one.wallet, one.author))
            ends[one.wallet, one.author] = one.available_at_us
            if one.finding != UNCLEAR and until != one.available_at_us:
                rows.append(_row(one, until))
        rows.reverse()
        frame = pd.DataFrame(rows, columns=list(_COLUMNS))
        for name in ("known_at", "until"):
            frame[name] = instants([row[name] for row in rows])
        return frame, len(found) - len(rows)


_COLUMNS = ("wallet", "label", "category", "known_at", "until", "source", "confidence")


def _row(one: Any, until_us: int | None) -> dict[str, Any]:
    return {
        "wallet": one.wallet,
        "label": one.finding,
        "category": one.category or UNSPECIFIED,
        "known_at": one.available_at_us,
        "until": until_us,
        "source": f"{SOURCE}/{one.author}",
        "confidence": one.confidence,
    }
