"""The OpenAPI document: routes read and write JSON themselves, so FastAPI must be told what."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving import problems
from serving.idempotency import HEADER, KEY_PATTERN, MOST_CHARACTERS
from serving.schemas import answers, corrections, requests

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
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Sent again with the same key and body, a request is answered again and not "
    "done again.",
    "schema": {"type": "string", "pattern": KEY_PATTERN, "maxLength": MOST_CHARACTERS},
}


def documented(
    answer: type[BaseModel],
    body: type[BaseModel] | None = None,
    further: Mapping[int, str] | None = None,
    *,
    keyed: bool = False,
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
    keyed : bool
        Whether the route is done once a key, see :func:`serving.idempotency.once`.
    """
    told: dict[int, str] = {421: "Foreign host", 503: "Not ready, or busy: see Retry-After"}
    extra: dict[str, Any] = {}
    if body is not None:
        told |= {400: "No JSON", 413: "Too large", 415: "Wrong media type", 422: "Refused"}
        extra = {"requestBody": {"required": True, "content": _content("application/json", body)}}
    if keyed:
        told |= {400: "No JSON, or no key", 409: "The first request of this key is in work"}
        extra["parameters"] = [_KEY]
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
        app.openapi_schema = document
    return app.openapi_schema
