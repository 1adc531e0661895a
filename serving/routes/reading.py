"""What routes share: the endpoint that is ready, bodies, and answers as JSON."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from starlette.exceptions import HTTPException

from serving.bodies import SHORT_BYTES, require_few_values
from serving.endpoint import Endpoint
from serving.lane import Lane
from serving.schemas.fields import CALLED
from serving.schemas.requests import WHICH_LEDGER


async def _ready(request: Request) -> Endpoint:
    endpoint: Endpoint | None = request.app.state.endpoint
    if endpoint is None:
        raise HTTPException(503, "ledger and model are not loaded")
    return endpoint


Ready = Annotated[Endpoint, Depends(_ready)]
OfLedger = Annotated[str | None, Query(description=WHICH_LEDGER, json_schema_extra={CALLED: True})]


def lane_of(request: Request) -> Lane:
    """The lane of heavy requests."""
    lane: Lane = request.app.state.lane
    return lane


def as_json(content: Mapping[str, Any]) -> Response:
    """Answer 200 with a JSON object."""
    return Response(json.dumps(content, allow_nan=False), media_type="application/json")


def media_type(request: Request) -> str:
    """Media type that a request says its body is of, without parameters."""
    media, _, _ = request.headers.get("content-type", "").partition(";")
    return media.strip().lower()


async def json_body(request: Request) -> bytes:
    """Body of a request that says it is JSON; a page in a browser cannot claim that unasked."""
    if media_type(request) != "application/json":
        raise HTTPException(415, "the body must be JSON: send Content-Type: application/json")
    body = await request.body()
    require_few_values(body)
    return body


async def short_body(request: Request) -> bytes:
    """Body of a request about one wallet."""
    body = await json_body(request)
    if len(body) > SHORT_BYTES:
        raise HTTPException(413, f"a request about one wallet has at most {SHORT_BYTES} bytes")
    return body
