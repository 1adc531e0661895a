"""Routes to past answers, and to the head of the audit."""

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException

from serving.access.caller import Scope, require
from serving.audit import Audit, AuditError, asker
from serving.audit.lines import Line
from serving.openapi import documented
from serving.recomputing import compared, question_of
from serving.routes.reading import Ready, as_json, lane_of, short_body
from serving.schemas import answers, audit

router = APIRouter(tags=["scores"])
_NONE = {404: "No such answer is kept"}


async def _score(log: Audit, id_: str) -> Line:
    """The record of a score.

    Raises
    ------
    HTTPException
        404: there is none of this id.
    """
    if not log.on:
        raise HTTPException(404, "the audit is off: no answer is kept")
    line = await to_thread.run_sync(log.find, id_)
    if line is None or line.content()["kind"] != "score":
        raise HTTPException(404, "no answer that is kept has this id")
    return line


@router.get(
    "/v1/scores/{score_id}",
    dependencies=[Depends(require(Scope.SCORE))],
    **documented(answers.WalletScore, None, _NONE),
)
async def past_score(score_id: str, endpoint: Ready) -> Response:
    """A past answer, bit for bit."""
    line = await _score(endpoint.audit, score_id)
    return Response(line.answer(), media_type="application/json")


@router.post(
    "/v1/scores/{score_id}:recompute",
    dependencies=[Depends(require(Scope.SCORE))],
    **documented(audit.Recomputed, audit.RecomputeRequest, _NONE),
)
async def recompute_score(score_id: str, request: Request, endpoint: Ready) -> Response:
    """The same question again, as of then: whether the answer differs, where, and why."""
    audit.RecomputeRequest.model_validate_json(await short_body(request))
    line = await _score(endpoint.audit, score_id)
    services, asked, who = endpoint.services, question_of(line), asker(request)
    async with lane_of(request).urgent_turn():
        answer = await to_thread.run_sync(endpoint.answer, asked, who, services)
    await endpoint.audit.on_disk(answer.seq)
    if answer.told is None:
        raise AuditError("the question has no answer by now")
    told = compared(line, answer.told, services.of(asked.chain).scorer.columns)
    return as_json({"id": score_id, "recomputed_id": answer.content["id"], **told})


@router.get(
    "/v1/audit/head",
    dependencies=[Depends(require(Scope.REVIEW))],
    **documented(audit.AuditHead, None, {404: "The audit is off"}),
)
async def audit_head(endpoint: Ready) -> Response:
    """Number and hash of the last record on disk; keep them elsewhere."""
    head = endpoint.audit.head
    if head is None:
        raise HTTPException(404, "the audit is off")
    return as_json({"mode": endpoint.audit.mode, **head._asdict()})
