"""What answered when, who changed it and why; and the models themselves, the last two a ledger.

They are kept in the records, so that a rollback needs no registry and holds after a restart.
"""

import io
import zipfile
from pathlib import Path
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from features.contracts.times import instant_text
from serving.records import METADATA, Records
from training.manifest import MANIFEST
from training.risk_model import RiskModel

How = Literal["start", "reload", "rollback", "release"]
SHOWN = 20

CHANGES = sa.Table(
    "model_changes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ledger", sa.String(64), nullable=False, index=True),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Column("how", sa.String(16), nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("mark", sa.Text, nullable=False),
    sa.Column("before", sa.String(64), nullable=False),
    sa.Column("mark_before", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
)
KEPT = sa.Table(
    "models_kept",
    METADATA,
    sa.Column("ledger", sa.String(64), primary_key=True),
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("folder", sa.LargeBinary, nullable=False),
)


class Change(NamedTuple):
    """Another model answers from now on, or one is let go that was held.

    Attributes
    ----------
    at_us : int, microseconds since 1970 UTC
    how : str
        ``start`` with another than before, ``reload``, ``rollback``, or ``release`` of the model
        that a rollback went back to.
    place : str
        As the settings name it.
    version, mark : str
        Of the model that answers, and which of its place it is.
    before, mark_before : str
        Of the one that answered until then; empty where there was none.
    by, why : str
    """

    at_us: int
    how: How
    place: str
    version: str
    mark: str
    before: str
    mark_before: str
    by: str
    why: str


class History:
    """Changes of the model of one ledger.

    Parameters
    ----------
    records : Records
    ledger : str
        Its name in the settings.
    """

    def __init__(self, records: Records, ledger: str) -> None:
        self._records = records
        self._ledger = ledger

    def changes(self) -> list[Change]:
        """The latest, the newest first."""
        wanted = [CHANGES.c[name] for name in Change._fields]
        query = (
            sa.select(*wanted)
            .where(CHANGES.c.ledger == self._ledger)
            .order_by(CHANGES.c.id.desc())
            .limit(SHOWN)
        )
        with self._records.reading() as connection:
            return [Change(*row) for row in connection.execute(query)]

    def last(self) -> Change | None:
        """The latest."""
        return next(iter(self.changes()), None)

    def add(self, change: Change, *models: RiskModel) -> None:
        """Write a change down, and keep the models that it tells of, in one transaction.

        Raises
        ------
        RecordsError
            Nothing was written.
        """
        mine = KEPT.c.ledger == self._ledger
        told = (change.version, change.before)
        with self._records.writing("the change of the model was not written down") as connection:
            connection.execute(sa.insert(CHANGES), {"ledger": self._ledger, **change._asdict()})
            connection.execute(sa.delete(KEPT).where(mine, KEPT.c.version.not_in(told)))
            held = set(connection.scalars(sa.select(KEPT.c.version).where(mine)))
            for model in models:
                if model.version not in held:
                    row = {"version": model.version, "folder": _packed(model)}
                    connection.execute(sa.insert(KEPT), {"ledger": self._ledger, **row})

    def kept(self, version: str, room: Path) -> Path | None:
        """Unpack a model that was kept into an empty folder; None where it was not."""
        query = sa.select(KEPT.c.folder).where(
            KEPT.c.ledger == self._ledger, KEPT.c.version == version
        )
        with self._records.reading() as connection:
            packed = connection.scalar(query)
        if packed is None:
            return None
        with zipfile.ZipFile(io.BytesIO(packed)) as files:
            files.extractall(room)
        return room


def _packed(model: RiskModel) -> bytes:
    """The files of a model's folder; whoever loads them checks their digests."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        for name, content in model.parts.files.items():
            files.writestr(name, content)
        files.writestr(MANIFEST, model.manifest.to_json())
    return packed.getvalue()


def change_facts(change: Change) -> dict[str, Any]:
    """As :class:`serving.schemas.models.ModelChange`."""
    told = ("how", "version", "before", "mark", "by", "why")
    return {"at": instant_text(change.at_us)} | {name: getattr(change, name) for name in told}
