"""Routes that tell of the models that answer, and change them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from serving.access.caller import Scope, caller, require
from serving.endpoint import Endpoint
from serving.idempotency import once
from serving.models.challenger import NO_CHALLENGER
from serving.openapi import documented
from serving.routes.reading import OfLedger, Ready, as_json, short_body
from serving.schemas import models, shadow
from serving.service import Service

router = APIRouter(tags=["models"])
ASKING = [Depends(require(Scope.SCORE))]
CHANGING = [Depends(require(Scope.ADMIN))]


@router.get("/v1/models", dependencies=ASKING, **documented(models.ModelsAnswer))
async def list_models(endpoint: Ready) -> Response:
    """Which model answers for each ledger, since when, and why another one does not."""

    def told() -> dict[str, Any]:
        return {"models": [_facts(endpoint, one) for one in endpoint.services]}

    return as_json(await to_thread.run_sync(told))


@router.get("/v1/models/shadow", dependencies=ASKING, **documented(shadow.ShadowAnswer))
async def shadow_of_model(endpoint: Ready, chain: OfLedger = None) -> Response:
    """How a challenger scores what was answered, compared with the answers."""
    service = endpoint.services.of(chain)
    found = endpoint.models.challengers.get(service.name)
    told = NO_CHALLENGER if found is None else found.facts()
    return as_json({"ledger": service.name, **told})


@router.post(
    "/v1/models:reload",
    dependencies=CHANGING,
    **documented(models.ModelChanged, models.ReloadRequest, keyed=True),
)
@once
async def reload_model(request: Request, endpoint: Ready) -> Response:
    """Let the model answer that its place holds by now; refused with the reason if it cannot."""
    asked = models.ReloadRequest.model_validate_json(await short_body(request))
    change = partial(endpoint.models.look, by=caller(request).name)
    return await _changed(endpoint, asked.chain, change)


@router.post(
    "/v1/models:rollback",
    dependencies=CHANGING,
    **documented(models.ModelChanged, models.RollbackRequest, keyed=True),
)
@once
async def rollback_model(request: Request, endpoint: Ready) -> Response:
    """Go back to the model before at once, and hold it until it is let go or its place moves."""
    asked = models.RollbackRequest.model_validate_json(await short_body(request))
    change = partial(
        endpoint.models.rollback, by=caller(request).name, why=asked.why, version=asked.version
    )
    return await _changed(endpoint, asked.chain, change)


@router.post(
    "/v1/models:release",
    dependencies=CHANGING,
    **documented(models.ModelChanged, models.ReleaseRequest, keyed=True),
)
@once
async def release_model(request: Request, endpoint: Ready) -> Response:
    """Let go of the model that a rollback holds, and let that of its place answer."""
    asked = models.ReleaseRequest.model_validate_json(await short_body(request))
    who = caller(request).name

    def change(service: Service) -> None:
        endpoint.models.release(service, by=who, why=asked.why)
        endpoint.models.look(service, by=who)

    return await _changed(endpoint, asked.chain, change)


async def _changed(
    endpoint: Endpoint, chain: str | None, change: Callable[[Service], object]
) -> Response:
    service = endpoint.services.of(chain)

    def made() -> dict[str, Any]:
        change(service)
        facts = _facts(endpoint, service)
        return facts | {"changed": facts["version"] != service.scorer.model.version}

    return as_json(await to_thread.run_sync(made))


def _facts(endpoint: Endpoint, service: Service) -> dict[str, Any]:
    return {"ledger": service.name, **endpoint.models.keeper(service).facts()}
