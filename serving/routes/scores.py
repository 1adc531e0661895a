"""Routes that ask about wallets."""

import time
from collections.abc import Sequence

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from serving.access.caller import Scope, require
from serving.access.guard import charge
from serving.answering import Question
from serving.audit import asker
from serving.bodies import read_each
from serving.mistakes import MistakesError
from serving.openapi import documented
from serving.routes.reading import Ready, as_json, json_body, lane_of, short_body
from serving.schemas import answers, requests

router = APIRouter(dependencies=[Depends(require(Scope.SCORE))], tags=["scores"])


@router.post("/v1/wallets/score", **documented(answers.WalletScore, requests.ScoreRequest))
async def score_wallet(request: Request, endpoint: Ready) -> Response:
    """Probability that a wallet is illicit, as of an instant, and the reasons."""
    body = await short_body(request)  # it is parsed on the event loop
    began = time.perf_counter()
    asked = requests.ScoreRequest.model_validate_json(body)
    parsed = time.perf_counter() - began
    question = Question(endpoint.services.of(asked.chain), asked, asker(request))
    endpoint.metrics.stage("parse", question.service.scorer.model.version, parsed)
    if question.service.tells_many(asked):
        answer = await endpoint.gathering.answer(question)
    else:
        async with lane_of(request).urgent_turn():
            answer = await to_thread.run_sync(endpoint.answering.of_service, question)
    await endpoint.audit.on_disk(answer.seq)
    return Response(answer.body, media_type="application/json")


@router.post("/v1/wallets/score:batch", **documented(answers.BatchAnswer, requests.BatchRequest))
async def score_wallets(request: Request, endpoint: Ready) -> Response:
    """Scores of up to 1,000 wallets; an item that cannot be answered carries its problem."""
    body, lane, who = await json_body(request), lane_of(request), asker(request)
    services = endpoint.services  # once, so that all items are of the same models

    def answer(items: Sequence[requests.ScoreRequest | MistakesError]) -> list[tuple[bytes, int]]:
        return [(one.body, one.seq) for one in endpoint.answer_items(items, who, services)]

    with lane.place(request):
        items = await read_each(request, body, requests.BatchRequest, requests.ScoreRequest, lane)
        charge(request, len(items))
        told = await lane.runs(request, answer, items)
    await endpoint.audit.on_disk(*(seq for _, seq in told))
    joined = b",".join(body for body, _ in told)
    return Response(b'{"items":[%s]}' % joined, media_type="application/json")


@router.post("/v1/wallets/trace", **documented(answers.WalletTrace, requests.TraceRequest))
async def trace_wallet(request: Request, endpoint: Ready) -> Response:
    """Transfers that prove a wallet's features, trail by trail, as of an instant."""
    asked = requests.TraceRequest.model_validate_json(await short_body(request))
    lane, service = lane_of(request), endpoint.services.of(asked.chain)
    number = asker(request).request_id

    def answer(asked: requests.TraceRequest) -> Response:
        return as_json({"request_id": number, **service.trace(asked)})

    with lane.place(request):
        (said,) = await lane.each(request, answer, [asked])
    return said
