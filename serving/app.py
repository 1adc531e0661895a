"""The HTTP endpoint: routes, and what is loaded before the first of them answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from features.view import View
from serving import problems
from serving.bodies import SHORT_BYTES, read_each, read_parts, require_few_values
from serving.corrections import Retracted
from serving.intake import Added
from serving.lane import Lane
from serving.limits import AllowHosts, LimitBody
from serving.mistakes import MistakesError
from serving.observability import CountRequests, Metrics
from serving.openapi import documented, openapi
from serving.schemas import answers, corrections, requests
from serving.service import Service
from serving.settings import Settings

WRITERS = 4  # threads that wait for disk and for each other; the rest of the pool stays free

router = APIRouter()


def _json(content: Mapping[str, Any]) -> Response:
    return Response(json.dumps(content, allow_nan=False), media_type="application/json")


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
        service = await to_thread.run_sync(partial(Service.load, settings, metrics, views=views))
        app.state.service = service
        try:
            yield
        finally:
            app.state.service = None
            await to_thread.run_sync(service.close)

    app = FastAPI(
        title="walletrisk",
        summary="Calibrated probability that a cryptocurrency wallet is illicit, with reasons.",
        version="1",
        lifespan=lifespan,
    )
    app.state.service = None
    app.state.metrics = metrics
    app.state.lane = Lane()
    app.state.writers = CapacityLimiter(WRITERS)
    app.state.bulk = asyncio.Lock()
    app.include_router(router)
    problems.install(app)
    app.add_middleware(
        LimitBody, limit=settings.max_body_bytes, in_flight=settings.max_bytes_in_flight
    )
    app.add_middleware(AllowHosts, hosts=settings.hosts)
    app.add_middleware(CountRequests, metrics=metrics)
    metrics.in_flight("heavy_requests", lambda: len(app.state.lane))
    app.openapi = partial(openapi, app)  # type: ignore[method-assign]
    return app


def _ready(request: Request) -> Service:
    service: Service | None = request.app.state.service
    if service is None:
        raise HTTPException(503, "ledger and model are not loaded")
    return service


Ready = Annotated[Service, Depends(_ready)]


def _lane(request: Request) -> Lane:
    lane: Lane = request.app.state.lane
    return lane


async def _body(request: Request) -> bytes:
    """Body of a request that says it is JSON; a page in a browser cannot claim that unasked."""
    media, _, _ = request.headers.get("content-type", "").partition(";")
    if media.strip().lower() != "application/json":
        raise HTTPException(415, "the body must be JSON: send Content-Type: application/json")
    body = await request.body()
    require_few_values(body)
    return body


async def _short_body(request: Request) -> bytes:
    """Body of a request about one wallet."""
    body = await _body(request)
    if len(body) > SHORT_BYTES:
        raise HTTPException(413, f"a request about one wallet has at most {SHORT_BYTES} bytes")
    return body


@router.post("/v1/wallets/score", **documented(answers.WalletScore, requests.ScoreRequest))
async def score_wallet(request: Request, service: Ready) -> Response:
    """Probability that a wallet is illicit, as of an instant, and the reasons."""
    body = await _short_body(request)  # it is parsed on the event loop
    asked = requests.ScoreRequest.model_validate_json(body)
    light = asked.level == "wallet" and "exposure" not in asked.include and not asked.transfers
    quick = service.scorer.tabular and light
    if quick:  # below a millisecond, a few on hubs: a thread would cost more
        return _json(service.score(asked))
    async with _lane(request).urgent_turn():
        return _json(await to_thread.run_sync(service.score, asked))


@router.post("/v1/wallets/score:batch", **documented(answers.BatchAnswer, requests.BatchRequest))
async def score_wallets(request: Request, service: Ready) -> Response:
    """Scores of up to 1,000 wallets; an item that cannot be answered carries its problem."""
    body, lane = await _body(request), _lane(request)

    def answer(item: requests.ScoreRequest | MistakesError) -> str:
        return json.dumps(service.score_item(item), allow_nan=False)

    with lane.place(request):
        items = await read_each(request, body, requests.BatchRequest, requests.ScoreRequest, lane)
        texts = await lane.each(request, answer, items)
    return Response(f'{{"items": [{", ".join(texts)}]}}', media_type="application/json")


@router.post("/v1/wallets/trace", **documented(answers.WalletTrace, requests.TraceRequest))
async def trace_wallet(request: Request, service: Ready) -> Response:
    """Transfers that prove a wallet's features, trail by trail, as of an instant."""
    asked = requests.TraceRequest.model_validate_json(await _short_body(request))
    lane = _lane(request)

    def answer(asked: requests.TraceRequest) -> Response:
        return _json(service.trace(asked))

    with lane.place(request):
        (said,) = await lane.each(request, answer, [asked])
    return said


@router.post(
    "/v1/transfers",
    **documented(answers.TransfersAdded, requests.TransfersRequest, {409: "Contradiction"}),
)
async def add_transfers(request: Request, service: Ready) -> Response:
    """Add transfers, all or none. The answer is sent when they are on disk and in the ledger."""
    body = await _body(request)

    async def add(transfers: list[requests.Transfer]) -> Added:
        limiter: CapacityLimiter = request.app.state.writers
        return await to_thread.run_sync(service.intake.add, transfers, limiter=limiter)

    if len(body) <= SHORT_BYTES:
        added = await add(requests.TransfersRequest.model_validate_json(body).transfers)
    else:
        lane, (whole, part) = _lane(request), (requests.TransfersRequest, requests.Transfer)
        bulk: asyncio.Lock = request.app.state.bulk  # one at a time, so that one is in memory
        with lane.place(request):
            async with bulk:
                added = await add(await read_parts(request, body, whole, part, lane))
    service.metrics.transfers(added.added, added.duplicates)
    return _json(asdict(added))


@router.post(
    "/v1/retractions",
    **documented(corrections.Retracted, corrections.RetractionsRequest),
)
async def retract_transactions(request: Request, service: Ready) -> Response:
    """Take transactions back. The answer is sent when that is on disk and in the ledger."""
    body = await _body(request)

    def retract() -> Retracted:
        asked = corrections.RetractionsRequest.model_validate_json(body)
        return service.corrections.retract(asked.tx_ids)

    done = await to_thread.run_sync(retract, limiter=request.app.state.writers)
    service.metrics.retracted(done.transfers)
    return _json(asdict(done))


@router.get("/v1/contradictions", **documented(corrections.Contradictions))
async def contradictions(service: Ready) -> Response:
    """Transfers that were set aside, because the ledger's folder holds them with other content."""
    return _json(await to_thread.run_sync(service.corrections.listed))


@router.post(
    "/v1/contradictions:resolve",
    **documented(corrections.Resolved, corrections.ResolutionRequest),
)
async def resolve_contradiction(request: Request, service: Ready) -> Response:
    """Decide whose version of a transfer counts from now on."""
    asked = corrections.ResolutionRequest.model_validate_json(await _short_body(request))
    done = await to_thread.run_sync(
        service.corrections.resolve, asked.id, asked.keep, limiter=request.app.state.writers
    )
    return _json(asdict(done))


@router.post(
    "/v1/checkpoint",
    **documented(corrections.CheckpointMade, corrections.CheckpointRequest),
)
async def make_checkpoint(request: Request, service: Ready) -> Response:
    """Fold the journal into the ledger's folder, where commands see it."""
    corrections.CheckpointRequest.model_validate_json(await _short_body(request))
    done = await to_thread.run_sync(service.checkpoints.run)
    return _json(asdict(done))


@router.get("/v1/model", **documented(answers.ModelAnswer))
async def model(service: Ready) -> Response:
    """Facts about the model that answers."""
    loaded = service.scorer.model
    return _json(
        {
            **service.scorer.facts,
            "base_rate": loaded.base_rate,
            "min_transfers": loaded.manifest.min_transfers,
            "chain": loaded.manifest.chain,
            "unit": loaded.manifest.unit,
            "assets": loaded.manifest.assets,
            "feature_names": loaded.feature_names,
            "bands": service.scorer.bands,
        }
    )


@router.get("/v1/features", **documented(answers.FeaturesAnswer))
async def features(service: Ready) -> Response:
    """Every feature with its meaning and source, and whether the model reads it."""
    return _json(service.scorer.features)


@router.get("/livez", **documented(answers.Health))
async def live() -> Response:
    """Whether the process answers."""
    return _json({"status": "live"})


@router.get("/readyz", **documented(answers.Health))
async def ready(service: Ready) -> Response:
    """Whether ledger, journal and model are loaded and checked."""
    await to_thread.run_sync(service.intake.check)
    return _json({"status": "ready"})


@router.get("/metrics", response_class=PlainTextResponse)
async def measures(request: Request) -> Response:
    """Measures in Prometheus' text format."""
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)
