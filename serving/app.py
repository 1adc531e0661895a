"""The HTTP endpoint: its application, and what is loaded before the first route answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI

from features.view import View
from serving import problems
from serving.access.failures import Failures
from serving.access.guard import Guard
from serving.access.sessions import Sessions
from serving.desk import decisions, door
from serving.desk import routes as desk
from serving.desk.cases import Cases
from serving.endpoint import Endpoint
from serving.jobs.worker import Worker
from serving.lane import Lane
from serving.limits import AllowHosts, AllowText, LimitBody
from serving.observability import CountRequests, Metrics
from serving.openapi import openapi, operation_id
from serving.routes import (
    about,
    docs,
    feed,
    invocations,
    jobs,
    known,
    models,
    monitor,
    open_inference,
    overrides,
    past,
    probes,
    scores,
    transfer_scores,
    watch,
)
from serving.settings import Settings

WRITERS = 4  # threads that wait for disk and for each other; the rest of the pool stays free

ROUTERS = (
    scores.router,
    transfer_scores.router,
    jobs.router,
    past.router,
    overrides.router,
    feed.router,
    known.router,
    watch.router,
    about.router,
    docs.router,
    models.router,
    monitor.router,
    invocations.router,
    open_inference.router,
    probes.router,
    invocations.probes,
    open_inference.probes,
    door.router,
    desk.router,
    decisions.router,
)


def create_app(settings: Settings, *, views: tuple[View, ...] | None = None) -> FastAPI:
    """Build the endpoint.

    Ledger, journal and model are loaded when the application starts (ASGI lifespan); until then,
    and after it has stopped, it answers 503.

    Parameters
    ----------
    settings : Settings
    views : tuple of View, optional
        All that the model may read and a trace may show, such as ``(*VIEWS, MINE)``. Default:
        ours, then those of installed packages.

    Returns
    -------
    FastAPI

    Raises
    ------
    RiskError
        At start: ledger, labels, journal or model cannot be read or do not fit each other.
    """
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        endpoint = await to_thread.run_sync(partial(Endpoint.load, settings, metrics, views=views))
        worker = Worker(endpoint, app.state.lane)
        app.state.endpoint, app.state.worker = endpoint, worker
        lane = app.state.lane
        working = [asyncio.create_task(run) for run in (worker.run(), endpoint.watch.run(lane))]
        try:
            yield
        finally:
            app.state.endpoint = None
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            await to_thread.run_sync(endpoint.close)

    app = FastAPI(
        title="walletrisk",
        summary="Calibrated probability that a cryptocurrency wallet is illicit, with reasons.",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
    )
    app.state.endpoint = None
    app.state.metrics = metrics
    app.state.lane = Lane()
    app.state.writers = CapacityLimiter(WRITERS)
    app.state.bulk = asyncio.Lock()
    app.state.sessions = Sessions()
    app.state.failures = Failures()
    app.state.cases = Cases()
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    app.add_middleware(
        LimitBody,
        limit=settings.max_body_bytes,
        in_flight=settings.max_bytes_in_flight,
        streamed={"/v1/jobs": settings.max_job_bytes},
    )
    app.add_middleware(
        Guard, metrics=metrics, failures=app.state.failures, no_keys=settings.no_keys
    )
    app.add_middleware(AllowText)
    app.add_middleware(AllowHosts, hosts=settings.hosts)
    app.add_middleware(CountRequests, metrics=metrics)
    metrics.in_flight("heavy_requests", lambda: len(app.state.lane))
    app.openapi = partial(openapi, app)  # type: ignore[method-assign]
    return app
