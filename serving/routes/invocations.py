"""Routes as MLflow's scoring server has them, from the same scorer."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse

from serving.access.caller import Scope, require
from serving.access.guard import charge
from serving.audit import asker
from serving.bodies import require_few_values
from serving.inference.predictions import answered, prediction
from serving.inference.scoring_formats import CSV, JSON, PARQUET, read_body
from serving.inference.table import question
from serving.openapi import documented
from serving.routes.reading import Ready, as_json, lane_of, media_type
from serving.schemas import answers, invocations
from serving.schemas.requests import ScoreRequest
from training.risk_model import RiskModel

SPOKEN = "3.17.2"  # the MLflow whose scoring server these routes are like

router = APIRouter(dependencies=[Depends(require(Scope.SCORE))], tags=["inference"])
probes = APIRouter(tags=["probes"])


@probes.get("/ping", operation_id="ping", **documented(answers.Health))
@probes.get("/health", operation_id="health", **documented(answers.Health))
async def ping(endpoint: Ready) -> Response:
    """Whether ledger and model are loaded, as MLflow's clients ask."""
    return as_json({"status": "ready"})


@probes.get("/version", response_class=PlainTextResponse)
async def scoring_protocol() -> Response:
    """Version of MLflow whose scoring server ``/invocations`` is like."""
    return PlainTextResponse(SPOKEN)


_BODIES = {
    JSON: (
        invocations.DataframeSplit,
        invocations.DataframeRecords,
        invocations.Instances,
        invocations.Inputs,
    ),
    CSV: None,
    PARQUET: None,
}


@router.post("/invocations", **documented(invocations.Predictions, _BODIES))
async def invoke(request: Request, endpoint: Ready) -> Response:
    """Scores of a table of wallets, in the shape of MLflow's scoring server."""
    media, body, lane = media_type(request), await request.body(), lane_of(request)
    services, who = endpoint.services, asker(request)
    if media != PARQUET:
        require_few_values(body)
    with lane.place(request):
        read = partial(read_body, media=media, context=services.context_names)
        ((table, params),) = await lane.each(request, read, [body])
        charge(request, max(1, table.rows))
        said = invocations.Invocation.model_validate({"params": params})
        common = said.params.model_dump(exclude_unset=True)
        ask = partial(question, table, common=common)
        asked = await lane.each(request, ask, range(table.rows))

        def answer(some: Sequence[int]) -> list[tuple[dict[str, Any], int]]:
            told = endpoint.answer_items([asked[row] for row in some], who, services)
            return [
                (prediction(answered(one, table, row), model_of(asked[row])), one.seq)
                for row, one in zip(some, told, strict=True)
            ]

        def model_of(one: ScoreRequest) -> RiskModel:
            return services.of(one.chain).scorer.model

        rows = await lane.runs(request, answer, range(table.rows))
    await endpoint.audit.on_disk(*(seq for _, seq in rows))
    return as_json({"predictions": [row for row, _ in rows]})
