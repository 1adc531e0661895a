"""Route that asks about a transfer before it is made."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from features.errors import RiskError
from serving import problems
from serving.access.caller import Scope, require
from serving.access.guard import charge
from serving.answering import Question
from serving.audit import Asker, asker
from serving.endpoint import Endpoint
from serving.openapi import documented
from serving.routes.reading import Ready, as_json, lane_of, short_body
from serving.schemas.requests import ScoreRequest
from serving.schemas.transfer_questions import TransferQuestion, TransferScore
from serving.schemas.values import instant_of
from serving.scoring.transfer_question import questions_of

router = APIRouter(dependencies=[Depends(require(Scope.SCORE))], tags=["scores"])


@router.post("/v1/transfers/score", **documented(TransferScore, TransferQuestion))
async def score_transfer(request: Request, endpoint: Ready) -> Response:
    """What a deposit or withdrawal would bring: its counterparty, and your wallet with it."""
    asked = TransferQuestion.model_validate_json(await short_body(request))
    charge(request, 1 if asked.wallet is None else 3)
    who = asker(request)
    async with lane_of(request).urgent_turn():
        content, seqs = await to_thread.run_sync(_answered, endpoint, asked, who)
    await endpoint.audit.on_disk(*seqs)
    return as_json(content)


def _answered(
    endpoint: Endpoint, asked: TransferQuestion, who: Asker
) -> tuple[dict[str, Any], list[int]]:
    """The answer, and the records of the scores in it."""
    service, seqs = endpoint.services.of(asked.chain), []

    def score(one: ScoreRequest) -> dict[str, Any]:
        told = endpoint.answering.of_service(Question(service, one, who))
        seqs.append(told.seq)
        return told.content

    now = instant_of(service.intake.now_us())
    labelled = service.scorer.held.labels is not None
    questions = questions_of(asked, asked.as_of or now, labelled=labelled)
    counterparty = score(questions.counterparty)
    wallet = None
    if questions.before is not None and questions.after is not None:
        wallet = {"before": score(questions.before)}
        try:
            wallet["after"] = score(questions.after)
        except RiskError as error:
            wallet["after"] = problems.details(422, str(error))
    known = counterparty["known"]
    content = {
        "as_of": counterparty["as_of"],
        "direction": asked.direction,
        "sanctioned": None if known is None else known["sanctioned"],
        "counterparty": counterparty,
        "wallet": wallet,
    }
    return content, seqs
