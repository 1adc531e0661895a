"""Where a follower puts transfers: a ledger's folder, or a running endpoint."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit

import pandas as pd

from features.errors import SourceError
from features.ledger import Ledger
from features.ledger.disk import read_provenance
from features.ledger.folder import holds_ledger
from features.ledger.lock import writing
from features.sources.ingest import AS_IT_IS, Counting, added_to
from features.sources.web import Web

TRANSFERS_A_REQUEST = 5_000
RETRACTIONS_A_REQUEST = 1_000
OK = 200
_SENT = ("tx_id", "position", "sender", "recipient", "amount", "asset")


class Changed(NamedTuple):
    """How many transfers were taken back, and added."""

    retracted: int
    added: int


class Target(Protocol):
    """Holds transfers, and takes them back."""

    def identity(self) -> str | None:
        """Which ledger it is; None where there is none yet, or it does not say."""

    def change(self, tx_ids: Sequence[str], transfers: pd.DataFrame) -> Changed:
        """Take transactions back, those that are there, then add transfers that are new."""


class Folder:
    """A ledger's folder; one change of it is all or nothing.

    Parameters
    ----------
    path : Path
    counting : Counting
        Chain, unit of account and prices of a ledger that is made.
    """

    def __init__(self, path: Path, counting: Counting = AS_IT_IS) -> None:
        self.path = path
        self.counting = counting

    def identity(self) -> str | None:
        """Of the ledger that is there."""
        return read_provenance(self.path).identity if holds_ledger(self.path) else None

    def change(self, tx_ids: Sequence[str], transfers: pd.DataFrame) -> Changed:
        """See :class:`Target`."""
        if not len(transfers) and not (tx_ids and holds_ledger(self.path)):
            return Changed(0, 0)
        with writing(self.path):
            ledger, retracted, added = None, 0, 0
            if holds_ledger(self.path):
                ledger = Ledger.open(self.path)
                held = [tx_id for tx_id in dict.fromkeys(tx_ids) if ledger.rows(tx_id)]
                retracted = ledger.retract(held) if held else 0
            if len(transfers):
                ledger, added, _ = added_to(transfers, self.path, self.counting, ledger)
            if ledger is not None and (retracted or added):
                ledger.save(self.path)
        return Changed(retracted, added)


class Endpoint:
    """A running ``walletrisk serve``, by its routes for transfers and retractions.

    Parameters
    ----------
    url : str
        Of one that has several ledgers, with ``?chain=NAME`` that says which is meant.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query))
        if set(asked) - {"chain"}:
            raise SourceError("an endpoint's address may have ?chain=NAME and nothing more")
        self._ledger = asked
        self._web = Web(parts._replace(query="").geturl().rstrip("/"))

    def identity(self) -> str | None:
        """No route tells it."""
        return None

    def change(self, tx_ids: Sequence[str], transfers: pd.DataFrame) -> Changed:
        """See :class:`Target`."""
        distinct, retracted, added = list(dict.fromkeys(tx_ids)), 0, 0
        for start in range(0, len(distinct), RETRACTIONS_A_REQUEST):
            part = distinct[start : start + RETRACTIONS_A_REQUEST]
            retracted += self._post("/v1/retractions", {"tx_ids": part})["transfers"]
        for start in range(0, len(transfers), TRANSFERS_A_REQUEST):
            rows = transfers.iloc[start : start + TRANSFERS_A_REQUEST]
            added += self._post("/v1/transfers", {"transfers": _bodies(rows)})["added"]
        return Changed(int(retracted), int(added))

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        status, answer = self._web.post(body | self._ledger, path)
        if status != OK:
            said = answer.get("detail", answer) if isinstance(answer, dict) else answer
            raise SourceError(f"{self._web.host}{path} answered HTTP {status}: {said}")
        return answer


def _bodies(transfers: pd.DataFrame) -> list[dict[str, Any]]:
    times = pd.DatetimeIndex(transfers["timestamp"]).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
    sent = transfers[list(_SENT)].assign(timestamp=times)
    return list(sent.to_dict("records"))  # type: ignore[arg-type]
