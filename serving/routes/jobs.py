"""Routes of lists that are scored off the request path."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from features.contracts.times import require_past
from serving.access.caller import Scope, caller, require
from serving.access.guard import charge
from serving.jobs.items import MEDIA, NDJSON, PARQUET, ListError, count_items, require_some
from serving.jobs.jobs import INPUT, LISTED, RESULT, Jobs, told
from serving.jobs.jobs import PARQUET as PARQUET_FILE
from serving.jobs.result_table import write_table
from serving.jobs.store import UNFINISHED, Job
from serving.jobs.worker import Worker
from serving.openapi import documented
from serving.routes.reading import Ready, as_json, lane_of, media_type
from serving.schemas.fields import Instant
from serving.schemas.jobs import JobAnswer, JobsAnswer
from serving.schemas.requests import Include, Level
from serving.schemas.values import microseconds

_WRITTEN_AT_ONCE = 1024 * 1024

router = APIRouter(dependencies=[Depends(require(Scope.SCORE))], tags=["jobs"])
_NONE = {404: "No such job", 422: "Refused"}
Included = Annotated[
    list[Include], Query(default_factory=list, max_length=8, description="As in a score.")
]
AsOf = Annotated[
    Instant | None, Query(description="Of items that name none. Default: when the job is taken.")
]
OfLevel = Annotated[Level, Query(description="Of items that name none.")]


def worker_of(request: Request) -> Worker:
    """The one that works on jobs."""
    found: Worker = request.app.state.worker
    return found


@router.post(
    "/v1/jobs",
    **documented(JobAnswer, dict.fromkeys(MEDIA), {507: "No room on the disk"}),
)
async def create_job(
    request: Request,
    endpoint: Ready,
    include: Included,
    as_of: AsOf = None,
    level: OfLevel = "wallet",
) -> Response:
    """Take a list of wallets to score: NDJSON, CSV or parquet, of a size of its own."""
    media, lane, jobs = media_type(request), lane_of(request), endpoint.jobs
    if media not in MEDIA:
        raise HTTPException(415, f"the list must be one of {', '.join(MEDIA)}, by Content-Type")
    now = endpoint.now()
    asked = now if as_of is None else as_of
    require_past(microseconds(asked), now=microseconds(now))
    common = {"include": include, "level": level, "as_of": asked.isoformat()}
    context = endpoint.services.context_names
    with lane.place(request):
        id = await to_thread.run_sync(jobs.open)
        try:
            items = jobs.place(id) / INPUT
            await _received(request.stream(), items)
            counts = await lane.each(request, int, count_items(items, media, context))
            require_some(sum(counts))
            take = partial(jobs.take, id, caller(request).name, media, common, sum(counts))
            job = await to_thread.run_sync(take)
        except ListError as error:
            await to_thread.run_sync(jobs.abandon, id)
            raise HTTPException(400, str(error)) from error
        except BaseException:
            await to_thread.run_sync(jobs.abandon, id)
            raise
    charge(request, job.total)
    worker_of(request).wake()
    return as_json(told(job))


async def _received(stream: AsyncIterator[bytes], path: Path) -> None:
    """Write a body to a file as it comes."""
    try:
        with path.open("wb") as file:
            held = bytearray()
            async for piece in stream:
                held += piece
                if len(held) >= _WRITTEN_AT_ONCE:
                    await to_thread.run_sync(file.write, bytes(held))
                    held.clear()
            await to_thread.run_sync(file.write, bytes(held))
    except OSError as error:
        raise HTTPException(507, f"the list cannot be written: {error.strerror}") from error


@router.get("/v1/jobs", **documented(JobsAnswer))
async def list_jobs(request: Request, endpoint: Ready) -> Response:
    """The caller's jobs, the newest first; all callers' for an admin."""
    who = caller(request)
    owner = None if Scope.ADMIN in who.scopes else who.name
    found = await to_thread.run_sync(endpoint.jobs.store.listed, owner, LISTED)
    worker = worker_of(request)
    return as_json({"jobs": [told(worker.latest(job)) for job in found]})


@router.get("/v1/jobs/{job}", **documented(JobAnswer, further=_NONE))
async def get_job(request: Request, endpoint: Ready, job: str) -> Response:
    """How far a job is."""
    return as_json(told(worker_of(request).latest(await _found(request, endpoint.jobs, job))))


@router.get(
    "/v1/jobs/{job}/result",
    response_class=Response,
    **documented(None, further=_NONE | {409: "The job has not ended"}),
)
async def get_job_result(
    request: Request,
    endpoint: Ready,
    job: str,
    format: Annotated[str, Query(pattern="^(ndjson|parquet)$")] = "ndjson",
) -> Response:
    """Answers of a job that has ended, in the order of its list: all of them, or a table."""
    found = await _found(request, endpoint.jobs, job)
    if found.state in UNFINISHED:
        raise HTTPException(409, f"the job is {found.state}; ask again when it has ended")
    place = endpoint.jobs.place(found.id)
    if not (place / RESULT).exists():
        (place / RESULT).touch()
    if format == "ndjson":
        return FileResponse(place / RESULT, media_type=NDJSON, filename=f"{found.id}.ndjson")
    lane, table = lane_of(request), place / PARQUET_FILE
    if not table.exists():
        with lane.place(request):
            await lane.each(request, int, write_table(place / RESULT, table))
    return FileResponse(table, media_type=PARQUET, filename=f"{found.id}.parquet")


@router.post("/v1/jobs/{job}/cancel", **documented(JobAnswer, further=_NONE))
async def cancel_job(request: Request, endpoint: Ready, job: str) -> Response:
    """End a job; what was answered stays. One that has ended stays as it is."""
    found = await _found(request, endpoint.jobs, job)
    await to_thread.run_sync(endpoint.jobs.cancel, found.id)
    return as_json(told(await _found(request, endpoint.jobs, job)))


@router.delete("/v1/jobs/{job}", **documented(JobAnswer, further=_NONE))
async def delete_job(request: Request, endpoint: Ready, job: str) -> Response:
    """End a job if it has not ended, and let go of its list and its answers."""
    found = await _found(request, endpoint.jobs, job)
    await to_thread.run_sync(endpoint.jobs.cancel, found.id)
    gone = await _found(request, endpoint.jobs, job)
    await to_thread.run_sync(endpoint.jobs.forget, found.id)
    return as_json(told(gone))


async def _found(request: Request, jobs: Jobs, id: str) -> Job:
    """A job of the caller, or anybody's for an admin."""
    who = caller(request)
    found = await to_thread.run_sync(jobs.store.get, id[:64])
    if found is None or (found.owner != who.name and Scope.ADMIN not in who.scopes):
        raise HTTPException(404, "there is no such job, or it is another caller's")
    return found
