"""What is written down of jobs: whose they are, how far they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from serving.records import METADATA, Records


class State(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


UNFINISHED = (State.WAITING, State.RUNNING)

JOBS = sa.Table(
    "jobs",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("place", sa.Text, nullable=False),  # folder of its files, of one endpoint alone
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("media", sa.Text, nullable=False),
    sa.Column("common", sa.Text, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("answered", sa.BigInteger, nullable=False),
    sa.Column("problems", sa.BigInteger, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("finished_us", sa.BigInteger),
    sa.Column("failure", sa.Text),
    sa.Index("jobs_by_state", "place", "state", "created_us"),
)


@dataclass(frozen=True, slots=True)
class Job:
    """A list of wallets to score.

    Parameters
    ----------
    id : str
    owner : str
        Name of the caller who sent it.
    state : str
        One of :class:`State`.
    media : str
        Media type of the list.
    common : str
        Fields of a score request that hold for all items, as JSON.
    total, answered, problems : int
        Items in all, those that are answered, and those of them that could not be.
    created_us : int, microseconds since 1970 UTC
    finished_us : int or None
    failure : str or None
        What ended it, or keeps it from going on.
    """

    id: str
    owner: str
    state: str
    media: str
    common: str
    total: int
    answered: int
    problems: int
    created_us: int
    finished_us: int | None = None
    failure: str | None = None


class JobStore:
    """The jobs of one endpoint in the database of records.

    Parameters
    ----------
    records : Records
    place : str
        Folder of their files.
    """

    def __init__(self, records: Records, place: str) -> None:
        self._records = records
        self._place = place

    def add(self, job: Job, most: int, most_of_one: int) -> bool:
        """Write a job down; False: too many wait already, in all or of its owner."""
        with self._records.writing("the job was not taken") as connection:
            count = sa.select(sa.func.count()).where(*self._own(*UNFINISHED))
            waiting = connection.execute(count).scalar_one()
            of_one = connection.execute(count.where(JOBS.c.owner == job.owner)).scalar_one()
            if waiting >= most or of_one >= most_of_one:
                return False
            connection.execute(sa.insert(JOBS).values(place=self._place, **_row(job)))
            return True

    def get(self, id: str) -> Job | None:
        """A job by its id."""
        found = self._select(JOBS.c.id == id, *self._own(), limit=1)
        return found[0] if found else None

    def next(self) -> Job | None:
        """The oldest that is to be worked on: one that was begun comes first."""
        found = self._select(*self._own(*UNFINISHED), limit=1, order=JOBS.c.created_us)
        return found[0] if found else None

    def listed(self, owner: str | None, limit: int) -> list[Job]:
        """The newest, of one owner or all."""
        of_owner = () if owner is None else (JOBS.c.owner == owner,)
        order = JOBS.c.created_us.desc()
        return self._select(*self._own(), *of_owner, limit=limit, order=order)

    def unfinished(self) -> int:
        """How many wait or are in work."""
        with self._records.reading() as connection:
            count = sa.select(sa.func.count()).where(*self._own(*UNFINISHED))
            return int(connection.execute(count).scalar_one())

    def ended_before(self, instant_us: int) -> list[str]:
        """Ids of jobs that ended so long ago."""
        return [job.id for job in self._select(*self._own(), JOBS.c.finished_us < instant_us)]

    def ids(self) -> set[str]:
        """Of all."""
        return {job.id for job in self._select(*self._own())}

    def note(self, id: str, **changes: Any) -> bool:
        """Change an unfinished job; False: it is finished or gone, and stays as it is."""
        with self._records.writing("a job's progress was not written") as connection:
            changed = (
                sa.update(JOBS).where(JOBS.c.id == id, *self._own(*UNFINISHED)).values(**changes)
            )
            return connection.execute(changed).rowcount > 0

    def count(self, id: str, answered: int, problems: int) -> None:
        """Say how far a job is, whatever its state."""
        with self._records.writing("a job's progress was not written") as connection:
            counted = sa.update(JOBS).where(JOBS.c.id == id, *self._own())
            connection.execute(counted.values(answered=answered, problems=problems))

    def forget(self, id: str) -> None:
        """Let a job's row go."""
        with self._records.writing("the job was not forgotten") as connection:
            connection.execute(sa.delete(JOBS).where(JOBS.c.id == id, *self._own()))

    def _own(self, *states: State) -> tuple[sa.ColumnElement[bool], ...]:
        own = (JOBS.c.place == self._place,)
        return (*own, JOBS.c.state.in_(states)) if states else own

    def _select(
        self,
        *where: sa.ColumnElement[bool],
        limit: int | None = None,
        order: sa.ColumnElement[Any] | None = None,
    ) -> list[Job]:
        columns = [column for column in JOBS.c if column.name != "place"]
        query = sa.select(*columns).where(*where).limit(limit)
        if order is not None:
            query = query.order_by(order, JOBS.c.id)
        with self._records.reading() as connection:
            rows: Sequence[sa.Row[Any]] = connection.execute(query).all()
        return [Job(**row._mapping) for row in rows]


def _row(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in Job.__slots__}
