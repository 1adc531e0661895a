"""Routes that tell of the ledgers, the models and their features."""

from fastapi import APIRouter, Depends, Response

from serving.access.caller import Scope, require
from serving.openapi import documented
from serving.routes.reading import OfLedger, Ready, as_json
from serving.schemas import answers, ledgers
from serving.scoring.facts import all_model_facts

router = APIRouter(dependencies=[Depends(require(Scope.SCORE))], tags=["model"])


@router.get("/v1/ledgers", **documented(ledgers.LedgersAnswer))
async def list_ledgers(endpoint: Ready) -> Response:
    """Every ledger behind this endpoint: what requests call it, how far it reaches, its model."""
    return as_json({"ledgers": [one.ledger_facts() for one in endpoint.services]})


@router.get("/v1/model", **documented(answers.ModelAnswer))
async def describe_model(endpoint: Ready, chain: OfLedger = None) -> Response:
    """Facts about the model that answers."""
    scorer = endpoint.services.of(chain).scorer
    return as_json(all_model_facts(scorer.model, scorer.bands))


@router.get("/v1/features", **documented(answers.FeaturesAnswer))
async def list_features(endpoint: Ready, chain: OfLedger = None) -> Response:
    """Every feature with its meaning and source, and whether the model reads it."""
    return as_json(endpoint.services.of(chain).scorer.features)
