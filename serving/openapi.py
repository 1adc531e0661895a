"""The OpenAPI document: routes read and write JSON themselves, so FastAPI must be told what."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving import problems
from serving.schemas import answers, corrections, requests
from serving.schemas.called import name_ledgers

_OWN = (
    requests.ScoreRequest,
    requests.BatchRequest,
    requests.TraceRequest,
    requests.TransfersRequest,
    corrections.RetractionsRequest,
    corrections.ResolutionRequest,
    corrections.CheckpointRequest,
    answers.Problem,
)


def documented(
    answer: type[BaseModel],
    body: type[BaseModel] | None = None,
    further: Mapping[int, str] | None = None,
) -> dict[str, Any]:
    """Arguments of a route that say what it reads and answers.

    Parameters
    ----------
    answer : type
        Model of the answer with status 200.
    body : type, optional
        Model of the request's body.
    further : mapping of int to str, optional
        Statuses beyond those of every such route, and why.
    """
    told: dict[int, str] = {
        401: "No key, or one that opens nothing",
        403: "The key has not the scope for it",
        421: "Foreign host",
        429: "Too many: see Retry-After",
        503: "Not ready, or busy: see Retry-After",
    }
    extra: dict[str, Any] = {}
    if body is not None:
        told |= {400: "No JSON", 413: "Too large", 415: "Wrong media type", 422: "Refused"}
        extra = {"requestBody": {"required": True, "content": _content("application/json", body)}}
    return {
        "responses": {200: {"model": answer}}
        | {
            status: {
                "description": why,
                "content": _content(problems.MEDIA_TYPE, answers.Problem),
            }
            for status, why in sorted((told | dict(further or {})).items())
        },
        "openapi_extra": extra,
    }


def _content(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


def openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with the schemas that only :func:`documented` names."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        _, own = models_json_schema(
            [(model, "validation") for model in _OWN],
            ref_template="#/components/schemas/{model}",
        )
        document["components"]["schemas"] |= own["$defs"]
        endpoint = app.state.endpoint
        if endpoint is None:  # what the ledgers are called is not known yet
            return document
        services = endpoint.services
        name_ledgers(document, services.names, several=services.several)
        app.openapi_schema = document
    return app.openapi_schema
