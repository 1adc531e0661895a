"""The one worker of jobs: item after item, in slices between which everything else goes first."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice

from anyio import to_thread

from features.errors import RiskError
from serving.audit import AuditError
from serving.clock import now_us
from serving.endpoint import Endpoint
from serving.jobs.items import Item, ListError, read_items
from serving.jobs.jobs import INPUT, RESULT
from serving.jobs.results import ResultFile, line_of, written
from serving.jobs.store import UNFINISHED, Job, State
from serving.lane import Lane, Pace
from serving.records import RecordsError

AGAIN_S = 5.0  # after a full disk, or a database or audit that does not answer
SWEEP_S = 600.0
NOTE_S = 1.0  # between two notes of how far a job is, which also bring its answers to the disk
DEFECT = "an error of this service, which its log describes"

_log = logging.getLogger("walletrisk.jobs")


class Worker:
    """Works on one job at a time, the oldest.

    Parameters
    ----------
    endpoint : Endpoint
    lane : Lane
        Whose turns it takes as all heavy work does; after each it rests as long as it worked.
    """

    def __init__(self, endpoint: Endpoint, lane: Lane) -> None:
        self._endpoint = endpoint
        self._jobs = endpoint.jobs
        self._lane = lane
        self._more = asyncio.Event()
        self._now: Job | None = None

    def wake(self) -> None:
        """Say that there is a job."""
        self._more.set()

    def latest(self, job: Job) -> Job:
        """A job as far as it is now: notes lag behind."""
        now = self._now
        if now is None or now.id != job.id or job.state not in UNFINISHED:
            return job
        return replace(job, answered=now.answered, problems=now.problems)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            wait_s = SWEEP_S
            try:
                await to_thread.run_sync(self._jobs.sweep)
                while job := await to_thread.run_sync(self._jobs.store.next):
                    await self._work(job)
            except (OSError, AuditError, RecordsError):
                _log.warning("jobs wait: the disk or the database does not take them")
                wait_s = AGAIN_S
            self._now = None
            self._more.clear()
            try:
                await asyncio.wait_for(self._more.wait(), wait_s)
            except TimeoutError:
                continue

    async def _work(self, job: Job) -> None:
        """Answer what is left of a job."""
        store = self._jobs.store
        try:
            await to_thread.run_sync(partial(store.note, job.id, state=State.RUNNING, failure=None))
            await self._answered(job)
        except (OSError, AuditError, RecordsError) as error:
            note = partial(store.note, job.id, failure=f"it waits: {type(error).__name__}")
            if not isinstance(error, RecordsError):
                await to_thread.run_sync(note)
            raise
        except (ListError, RiskError) as error:
            await self._end(job, State.FAILED, str(error))
        except Exception:  # noqa: BLE001 - a defect in one job must not stop the others
            _log.exception("a job failed")
            await self._end(job, State.FAILED, DEFECT)

    async def _answered(self, job: Job) -> None:
        place = self._jobs.place(job.id)
        known = await to_thread.run_sync(written, place / RESULT)
        # opened here: a thread that is cancelled meanwhile would leave the file to nobody
        with ResultFile(place / RESULT, known) as results:
            context, common = self._endpoint.services.context_names, json.loads(job.common)
            done = results.state.answered
            items = read_items(place / INPUT, job.media, context, common, done)
            noted, pace = time.perf_counter(), Pace()
            while True:
                async with self._lane.turn():
                    begun, most = time.perf_counter(), pace.items
                    with pace.timed(most):
                        some = await to_thread.run_sync(self._run, job, items, results, most)
                    took = time.perf_counter() - begun
                answered, problems, _ = results.state
                self._now = replace(job, answered=answered, problems=problems)
                last = some == 0
                if last or time.perf_counter() - noted > NOTE_S:
                    await to_thread.run_sync(results.sync)
                    if not await self._noted(job, self._now):
                        return  # it was cancelled or forgotten
                    noted = time.perf_counter()
                if last:
                    break
                await asyncio.sleep(took)
        await self._end(job, State.DONE, None)

    async def _noted(self, job: Job, now: Job) -> bool:
        far = {"answered": now.answered, "problems": now.problems}
        if await to_thread.run_sync(partial(self._jobs.store.note, job.id, **far)):
            return True
        await to_thread.run_sync(partial(self._jobs.store.count, job.id, **far))
        return False

    async def _end(self, job: Job, state: State, failure: str | None) -> None:
        ended = {"state": state, "failure": failure, "finished_us": now_us()}
        await to_thread.run_sync(partial(self._jobs.store.note, job.id, **ended))

    def _run(self, job: Job, items: Iterator[Item], results: ResultFile, most: int) -> int:
        """Answer as many as are left, ``most`` at most; how many that were."""
        some = [*islice(items, most)]
        told = self._endpoint.job_items(job.id, job.owner, some)
        lines = [
            line_of(number, item.wallet, one.body, problem=one.told is None)
            for number, (item, one) in enumerate(
                zip(some, told, strict=True), results.state.answered
            )
        ]
        self._endpoint.audit.wait(max((one.seq for one in told), default=0))
        results.write(lines, sum(one.told is None for one in told))
        return len(lines)
