"""The desk asks as programs do: by the same functions, behind the same lane."""

from collections.abc import Mapping, Sequence
from typing import Any

from anyio import to_thread
from fastapi import Request

from features.trails.drawn import drawn
from features.trails.flow import DIRECTIONS
from serving.access.guard import charge
from serving.desk.cases import Case, ledger_name
from serving.desk.trail import Graph, graph
from serving.endpoint import Endpoint
from serving.routes.reading import lane_of
from serving.schemas.requests import ScoreRequest, TraceRequest
from serving.service import Service


async def new_case(
    request: Request, service: Service, asked: ScoreRequest, typed: str, before: str | None
) -> Case:
    """Ask one question, with all that the page shows.

    Raises
    ------
    RiskError
        It is refused.
    """
    async with lane_of(request).urgent_turn():
        answer = await to_thread.run_sync(service.score, asked)
    name = ledger_name(service)
    return Case(answer["request_id"], asked, answer, typed, name, before)


async def scores(
    request: Request, endpoint: Endpoint, asked: Sequence[ScoreRequest]
) -> list[Mapping[str, Any]]:
    """Answers to several questions of one ledger, as a batch's."""
    service = endpoint.services.of(asked[0].chain)
    lane = lane_of(request)
    charge(request, len(asked))
    with lane.place(request):
        return await lane.each(request, service.score, asked)


async def trail(
    request: Request, service: Service, wallet: object, as_of: str
) -> tuple[Graph, Mapping[str, Any]]:
    """A wallet's money both ways, and the transfers that prove its features.

    Raises
    ------
    RiskError
        It is no wallet of the ledger's chain.
    """
    lane = lane_of(request)

    def question(direction: str | None) -> TraceRequest:
        given = {"wallet": wallet, "as_of": as_of}
        return TraceRequest.model_validate(given | ({"direction": direction} if direction else {}))

    def work(direction: str | None) -> Any:
        asked = question(direction)
        return service.trace(asked) if direction is None else drawn(service.flow(asked))

    with lane.place(request):
        evidence, *flows = await lane.each(request, work, [None, *DIRECTIONS])
    return graph(evidence["wallet"]["address"], flows), evidence
