"""Routes by which callers say what wallets are."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException

from features.contracts.labels import UNSPECIFIED
from features.contracts.times import instant_text
from serving.access.caller import Scope, caller, require
from serving.endpoint import Endpoint
from serving.idempotency import once, operation
from serving.known.feedback import Finding
from serving.known.posted import PostedLabel, chain_of
from serving.openapi import documented
from serving.routes.reading import Ready, as_json, json_body, short_body
from serving.schemas import known
from serving.schemas.values import microseconds
from serving.service import Service

router = APIRouter(dependencies=[Depends(require(Scope.WRITE))], tags=["known wallets"])


@router.post(
    "/v1/labels",
    **documented(known.LabelsAdded, known.LabelsRequest, {403: "Back-dated"}, keyed=True),
)
@once
async def add_labels(request: Request, endpoint: Ready) -> Response:
    """Add labels of wallets. The answer is sent when they are on disk and in the next score."""
    body, who = await json_body(request), caller(request)

    def add() -> dict[str, Any]:
        asked = known.LabelsRequest.model_validate_json(body)
        services = _of_one_chain(endpoint, asked.chain)
        labels = [_posted(services[0], one, who.name) for one in asked.labels]
        before = _back_dated(services, [one.known_at_us for one in labels])
        if before and Scope.ADMIN not in who.scopes:
            raise HTTPException(
                403,
                f"known_at of {before} label(s) is before now, which changes answers as of the "
                f"past and needs the scope {Scope.ADMIN}; left out, it is now",
            )
        done = endpoint.posted.add(services, labels, who.name)
        return {
            "ids": done.ids,
            "added": done.added,
            "duplicates": len(labels) - done.added,
            "back_dated": before,
            "known_at": instant_text(done.known_at_us),
        }

    return as_json(await to_thread.run_sync(add, limiter=request.app.state.writers))


@router.post(
    "/v1/labels:end",
    **documented(known.LabelsEnded, known.LabelEndsRequest, {403: "Back-dated"}, keyed=True),
)
@once
async def end_labels(request: Request, endpoint: Ready) -> Response:
    """End posted labels. The answer is sent when that is on disk and in the next score."""
    body, who = await json_body(request), caller(request)

    def end() -> dict[str, Any]:
        asked = known.LabelEndsRequest.model_validate_json(body)
        services = _of_one_chain(endpoint, asked.chain)
        until = None if asked.until is None else microseconds(asked.until)
        if _back_dated(services, [until]) and Scope.ADMIN not in who.scopes:
            raise HTTPException(403, f"until before now needs the scope {Scope.ADMIN}")
        done = endpoint.posted.end(services, asked.ids, until, who.name)
        return {
            "ended": done.ended,
            "unknown": done.unknown,
            "ended_before": done.ended_before,
            "until": instant_text(done.until_us),
        }

    return as_json(await to_thread.run_sync(end, limiter=request.app.state.writers))


@router.post("/v1/labels:find", **documented(known.PostedLabelsAnswer, known.PostedLabelsRequest))
async def find_labels(request: Request, endpoint: Ready) -> Response:
    """Labels of a wallet that were posted, with the ids to end them by."""
    asked = known.PostedLabelsRequest.model_validate_json(await short_body(request))
    service = endpoint.services.of(asked.chain)
    wallet = service.scorer.held.address(asked.wallet)
    return as_json({"labels": await to_thread.run_sync(endpoint.posted.of, service, wallet)})


@router.post("/v1/feedback", **documented(known.FeedbackAdded, known.FeedbackRequest, keyed=True))
@once
async def add_feedback(request: Request, endpoint: Ready) -> Response:
    """Say what analysts found of wallets. It is kept for training, and no answer reads it."""
    body = await json_body(request)

    def add() -> dict[str, Any]:
        asked = known.FeedbackRequest.model_validate_json(body)
        service = endpoint.services.of(asked.chain)
        now = service.intake.now_us()
        ids = endpoint.feedback.add(
            [_finding(service, one, now) for one in asked.findings],
            chain=chain_of(service),
            author=caller(request).name,
            now_us=now,
            operation=operation(request),
        )
        return {"ids": ids}

    return as_json(await to_thread.run_sync(add, limiter=request.app.state.writers))


def _of_one_chain(endpoint: Endpoint, chain: str | None) -> list[Service]:
    """The ledgers that a label is of: all of the chain of the one that is named."""
    services = endpoint.services
    named = services.of(chain)
    return [named, *(s for s in services if s is not named and chain_of(s) == chain_of(named))]


def _back_dated(services: list[Service], instants: list[int | None]) -> int:
    """How many of some instants are before now."""
    now = max(service.intake.now_us() for service in services)
    return sum(one is not None and one < now for one in instants)


def _posted(service: Service, one: known.Label, who: str) -> PostedLabel:
    return PostedLabel(
        service.scorer.held.address(one.wallet),
        one.label,
        one.category or UNSPECIFIED,
        one.original or UNSPECIFIED,
        one.source or who,
        one.confidence,
        None if one.known_at is None else microseconds(one.known_at),
        None if one.until is None else microseconds(one.until),
    )


def _finding(service: Service, one: known.Finding, now_us: int) -> Finding:
    at = now_us if one.available_at is None else microseconds(one.available_at)
    return Finding(
        service.scorer.held.address(one.wallet),
        one.finding,
        one.category or UNSPECIFIED,
        at,
        one.confidence,
        one.score,
        one.note,
    )
