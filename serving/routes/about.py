"""Routes that tell of the model and its features."""

from fastapi import APIRouter, Depends, Response

from serving.access.caller import Scope, require
from serving.openapi import documented
from serving.routes.reading import Ready, as_json
from serving.schemas import answers

router = APIRouter(dependencies=[Depends(require(Scope.SCORE))], tags=["model"])


@router.get("/v1/model", **documented(answers.ModelAnswer))
async def describe_model(endpoint: Ready) -> Response:
    """Facts about the model that answers."""
    service = endpoint.service
    loaded = service.scorer.model
    return as_json(
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
async def list_features(endpoint: Ready) -> Response:
    """Every feature with its meaning and source, and whether the model reads it."""
    return as_json(endpoint.service.scorer.features)
