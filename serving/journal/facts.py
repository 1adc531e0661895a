"""What a journal knows of itself and of its ledger."""

import json
import uuid
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import sqlalchemy as sa

from serving.journal.tables import FACTS


@dataclass(frozen=True, slots=True)
class Facts:
    """Beside the entries.

    Parameters
    ----------
    identity : str
        Of the journal.
    ledger : str
        Identity of its ledger; empty: none yet.
    folded : int
        Number of the last entry that the ledger took in.
    known_retractions : int
        How many retractions on the ledger's folder were applied to the entries.
    latest_us : int
        Time of the latest transfer among those that the ledger took in.
    """

    identity: str
    ledger: str = ""
    folded: int = 0
    known_retractions: int = 0
    latest_us: int = 0

    @classmethod
    def read(cls, connection: sa.Connection) -> Self:
        """Read them; a journal without an identity gets one."""
        found = connection.execute(sa.select(FACTS)).all()
        if not found:
            new = cls(uuid.uuid4().hex)
            new.write(connection)
            return new
        return cls(**{name: json.loads(value) for name, value in found})

    def changed(self, **changes: Any) -> Self:
        """A copy with other values."""
        return replace(self, **changes)

    def write(self, connection: sa.Connection) -> None:
        """Replace what is there, inside the caller's transaction."""
        connection.execute(sa.delete(FACTS))
        rows = [{"name": name, "value": json.dumps(value)} for name, value in asdict(self).items()]
        connection.execute(sa.insert(FACTS), rows)
