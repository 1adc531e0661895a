"""The OpenAPI document: routes read and write JSON themselves, so FastAPI must be told what."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving import problems
from serving.access.schemes import tell_keys
from serving.idempotency import HEADER, KEY_PATTERN, MOST_CHARACTERS
from serving.schemas import answers
from serving.schemas.called import name_ledgers

JSON = "application/json"
_named: dict[str, type[BaseModel]] = {}  # models that routes name and FastAPI does not know

Model = type[BaseModel]
Bodies = Mapping[str, Model | tuple[Model, ...] | None]
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Sent again with the same key and body, a request is answered again and not "
    "done again.",
    "schema": {"type": "string", "pattern": KEY_PATTERN, "maxLength": MOST_CHARACTERS},
}


def documented(
    answer: Model | None,
    body: Model | Bodies | None = None,
    further: Mapping[int, str] | None = None,
    *,
    keyed: bool = False,
) -> dict[str, Any]:
    """Arguments of a route that say what it reads and answers.

    Parameters
    ----------
    answer : type, optional
        Model of the answer with status 200; None: the route says it.
    body : type or mapping, optional
        Model of the request's body; or by media type a model, several of which it is one, or None
        for what no model tells.
    further : mapping of int to str, optional
        Statuses beyond those of every such route, and why.
    keyed : bool
        Whether the route is done once a key, see :func:`serving.idempotency.once`.
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
        bodies: Bodies = body if isinstance(body, Mapping) else {JSON: body}
        content = {media: {"schema": _schema(model)} for media, model in bodies.items()}
        extra = {"requestBody": {"required": True, "content": content}}
    if keyed:
        told |= {400: "No JSON, or no key", 409: "The first request of this key is in work"}
        extra["parameters"] = [_KEY]
    return {
        "responses": ({} if answer is None else {200: {"model": answer}})
        | {status: _problem(why) for status, why in sorted((told | dict(further or {})).items())},
        "openapi_extra": extra,
    }


def _problem(why: str) -> dict[str, Any]:
    content = {problems.MEDIA_TYPE: {"schema": _schema(answers.Problem)}}
    return {"description": why, "content": content}


def _schema(model: Model | tuple[Model, ...] | None) -> dict[str, Any]:
    if model is None:
        return {"type": "string"}
    if isinstance(model, tuple):
        return {"anyOf": [_schema(one) for one in model]}
    _named[model.__name__] = model
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _tell_refusals(document: dict[str, Any]) -> None:
    """Say how parameters are refused: FastAPI tells of answers that :mod:`problems` replaces."""
    for methods in document["paths"].values():
        for operation in methods.values():
            told = operation["responses"]
            if operation.get("parameters"):
                told.setdefault("400", _problem("Path or query is no text"))
            if JSON in told.get("422", {}).get("content", {}):
                told["422"] = _problem("Refused")
    for replaced in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(replaced, None)


def operation_id(route: APIRoute) -> str:
    """Name of a route's function: what clients made from the document call it by."""
    return route.name


def openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with the schemas that only :func:`documented` names."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        _, own = models_json_schema(
            [(model, "validation") for model in _named.values()],
            ref_template="#/components/schemas/{model}",
        )
        document["components"]["schemas"] |= own["$defs"]
        _tell_refusals(document)
        tell_keys(document)
        endpoint = app.state.endpoint
        if endpoint is None:  # what the ledgers are called is not known yet
            return document
        services = endpoint.services
        name_ledgers(document, services.names, several=services.several)
        app.openapi_schema = document
    return app.openapi_schema
