"""The desk asks as programs do: by the same functions, behind the same lane."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from anyio import to_thread
from fastapi import Request

from features.trails.drawn import drawn
from features.trails.flow import DIRECTIONS
from serving.access.guard import charge
from serving.answering import Answer
from serving.audit import asker
from serving.desk.cases import Case, ledger_name
from serving.desk.told import alarming
from serving.desk.trail import Graph, LabelledPath, graph, labelled_paths
from serving.endpoint import Endpoint
from serving.recomputing import question_of
from serving.routes.reading import lane_of
from serving.schemas.requests import ScoreRequest, TraceRequest, address_of
from serving.schemas.values import microseconds
from serving.service import Service


async def new_case(
    request: Request, endpoint: Endpoint, asked: ScoreRequest, typed: str, before: str | None
) -> Case:
    """Ask one question, with all that the page shows; the audit has the answer as any other.

    Raises
    ------
    RiskError
        It is refused.
    """
    services = endpoint.services
    async with lane_of(request).urgent_turn():
        told = await to_thread.run_sync(endpoint.answer, asked, asker(request), services)
    await endpoint.audit.on_disk(told.seq)
    service = services.of(asked.chain)
    name = ledger_name(service.name, service.scorer.held.ledger)
    return Case(told.content["id"], asked, told.content, typed, name, before)


async def past_case(endpoint: Endpoint, case_id: str) -> Case | None:
    """The case of an answer that the audit keeps, to the desk or to a program; None: it has none.

    Raises
    ------
    AuditError
        The audit cannot be read.
    """
    line = await to_thread.run_sync(endpoint.audit.find, case_id) if endpoint.audit.on else None
    record = {} if line is None else line.content()
    if line is None or record["kind"] != "score":
        return None
    at = record["ledger"]
    ledger = f"{at['transfers']:,} transfers, {at['identity']}"
    asked = question_of(line)
    return Case(case_id, asked, json.loads(line.answer()), address_of(asked.wallet), ledger)


async def scores(
    request: Request, endpoint: Endpoint, asked: Sequence[ScoreRequest]
) -> list[Mapping[str, Any]]:
    """Answers to several questions of one ledger, as a batch's."""
    services, lane, who = endpoint.services, lane_of(request), asker(request)

    def answer(one: ScoreRequest) -> Answer:
        return endpoint.answer(one, who, services)

    charge(request, len(asked))
    with lane.place(request):
        told = await lane.each(request, answer, asked)
    await endpoint.audit.on_disk(*(one.seq for one in told))
    return [one.content for one in told]


async def trail(
    request: Request, service: Service, wallet: object, as_of: str
) -> tuple[Graph, Mapping[str, Any], list[LabelledPath]]:
    """A wallet's money both ways, the transfers that prove its features, and ways to labels.

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
    as_of_us, held = microseconds(datetime.fromisoformat(as_of)), service.scorer.held

    def illicit(name: str) -> bool:
        return any(alarming(held.known(name, as_of_us)))

    own = evidence["wallet"]["address"]
    return graph(own, flows, illicit), evidence, labelled_paths(own, evidence["trails"], illicit)
