"""Jobs: taken, told about, and let go of."""

import json
import re
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException

from features.contracts.times import instant_text
from serving.clock import now_us, text_of
from serving.jobs.store import UNFINISHED, Job, JobStore, State
from serving.records import Records

MAX_WAITING, MAX_OF_ONE = 32, 16
RETRY_AFTER_S = 60
LISTED = 100
INPUT, RESULT, PARQUET = "items", "result.ndjson", "result.parquet"
_SECOND = 1_000_000
_ID = re.compile("[0-9a-f]{32}")


class Jobs:
    """The jobs of one endpoint: rows in its records, files in a folder.

    Parameters
    ----------
    records : Records
    folder : Path
        Made with the first job.
    keep_s : float
        How long files and row of a job that ended are kept.
    """

    def __init__(self, records: Records, folder: Path, *, keep_s: float) -> None:
        self.folder = folder.absolute()
        self.store = JobStore(records, str(self.folder))
        self._keep_s = keep_s
        self._coming: set[str] = set()

    def place(self, id: str) -> Path:
        """Folder of a job's files."""
        return self.folder / id

    def open(self) -> str:
        """Make the folder of a new job; returns its id."""
        id = uuid.uuid4().hex
        self._coming.add(id)
        self.place(id).mkdir(parents=True)
        return id

    def abandon(self, id: str) -> None:
        """Let go of a job that was not taken."""
        self._coming.discard(id)
        shutil.rmtree(self.place(id), ignore_errors=True)

    def take(self, id: str, owner: str, media: str, common: Mapping[str, Any], total: int) -> Job:
        """Write a job down, whose list is in its folder.

        Raises
        ------
        HTTPException
            503 with Retry-After: too many wait already.
        RecordsError
            It cannot be written.
        """
        now = now_us()
        job = Job(id, owner, State.WAITING, media, json.dumps(common), total, 0, 0, now)
        if not self.store.add(job, MAX_WAITING, MAX_OF_ONE):
            raise HTTPException(
                503,
                f"at most {MAX_WAITING} jobs wait, {MAX_OF_ONE} of one caller: try again later",
                {"Retry-After": str(RETRY_AFTER_S)},
            )
        self._coming.discard(id)
        return job

    def cancel(self, id: str) -> None:
        """End a job if it has not ended; what was answered stays."""
        self.store.note(id, state=State.CANCELLED, finished_us=now_us())

    def forget(self, id: str) -> None:
        """Let go of a job's row and files; a worker that is at it stops."""
        self.store.forget(id)
        shutil.rmtree(self.place(id), ignore_errors=True)

    def sweep(self) -> None:
        """Let go of jobs that ended long ago, and of files that no job has."""
        now = now_us()
        for id in self.store.ended_before(now - int(self._keep_s * _SECOND)):
            self.forget(id)
        if self.folder.exists():
            known = self.store.ids() | self._coming
            for place in self.folder.iterdir():
                # whatever else lies there is not ours
                if _ID.fullmatch(place.name) and place.name not in known:
                    shutil.rmtree(place, ignore_errors=True)


def told(job: Job) -> dict[str, Any]:
    """Say of a job what a caller may know, as :class:`serving.schemas.jobs.JobAnswer`."""
    finished = job.finished_us
    return {
        "id": job.id,
        "owner": job.owner,
        "state": job.state,
        "total": job.total,
        "answered": job.answered,
        "problems": job.problems,
        "created_at": instant_text(job.created_us),
        "finished_at": text_of(finished),
        "failure": job.failure,
        "result": f"/v1/jobs/{job.id}/result" if job.state not in UNFINISHED else None,
    }
