"""Routes that change the ledger, and what was set aside while it changed."""

import asyncio
from dataclasses import asdict

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Request, Response

from serving.access.caller import Scope, require
from serving.bodies import SHORT_BYTES, read_parts
from serving.corrections import Retracted
from serving.idempotency import once
from serving.openapi import documented
from serving.routes.reading import OfLedger, Ready, as_json, json_body, lane_of, short_body
from serving.schemas import answers, corrections, requests

router = APIRouter(dependencies=[Depends(require(Scope.WRITE))], tags=["ledger"])


@router.post(
    "/v1/transfers",
    **documented(
        answers.TransfersAdded,
        requests.TransfersRequest,
        {409: "Contradiction, or the first request of this key is in work"},
        keyed=True,
    ),
)
@once
async def add_transfers(request: Request, endpoint: Ready) -> Response:
    """Add transfers, all or none. The answer is sent when they are on disk and in the ledger."""
    body = await json_body(request)

    async def add(asked: requests.TransfersRequest) -> Response:
        service = endpoint.services.of(asked.chain)
        limiter: CapacityLimiter = request.app.state.writers
        added = await to_thread.run_sync(service.intake.add, asked.transfers, limiter=limiter)
        endpoint.metrics.transfers(service.name, added.added, added.duplicates)
        return as_json(asdict(added))

    if len(body) <= SHORT_BYTES:
        return await add(requests.TransfersRequest.model_validate_json(body))
    lane, (whole, part) = lane_of(request), (requests.TransfersRequest, requests.Transfer)
    bulk: asyncio.Lock = request.app.state.bulk  # one at a time, so that one is in memory
    with lane.place(request):
        async with bulk:
            return await add(await read_parts(request, body, whole, part, lane))


@router.post(
    "/v1/retractions",
    **documented(corrections.Retracted, corrections.RetractionsRequest, keyed=True),
)
@once
async def retract_transactions(request: Request, endpoint: Ready) -> Response:
    """Take transactions back. The answer is sent when that is on disk and in the ledger."""
    body = await json_body(request)

    def retract() -> tuple[str, Retracted]:
        asked = corrections.RetractionsRequest.model_validate_json(body)
        service = endpoint.services.of(asked.chain)
        return service.name, service.corrections.retract(asked.tx_ids)

    ledger, done = await to_thread.run_sync(retract, limiter=request.app.state.writers)
    endpoint.metrics.retracted(ledger, done.transfers)
    return as_json(asdict(done))


@router.get("/v1/contradictions", **documented(corrections.Contradictions))
async def list_contradictions(endpoint: Ready, chain: OfLedger = None) -> Response:
    """Transfers that were set aside, because the ledger's folder holds them with other content."""
    service = endpoint.services.of(chain)
    return as_json(await to_thread.run_sync(service.corrections.listed))


@router.post(
    "/v1/contradictions:resolve",
    **documented(corrections.Resolved, corrections.ResolutionRequest, keyed=True),
)
@once
async def resolve_contradiction(request: Request, endpoint: Ready) -> Response:
    """Decide whose version of a transfer counts from now on."""
    asked = corrections.ResolutionRequest.model_validate_json(await short_body(request))
    done = await to_thread.run_sync(
        endpoint.services.of(asked.chain).corrections.resolve,
        asked.id,
        asked.keep,
        limiter=request.app.state.writers,
    )
    return as_json(asdict(done))


@router.post(
    "/v1/checkpoint",
    **documented(corrections.CheckpointMade, corrections.CheckpointRequest, keyed=True),
)
@once
async def make_checkpoint(request: Request, endpoint: Ready) -> Response:
    """Fold the journal into the ledger's folder, where commands see it."""
    asked = corrections.CheckpointRequest.model_validate_json(await short_body(request))
    service = endpoint.services.of(asked.chain)
    done = await to_thread.run_sync(service.checkpoints.run)
    return as_json(asdict(done))
