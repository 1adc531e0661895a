"""Problem details (RFC 9457) for everything that goes wrong; a caller's mistake is never a 500.

Messages name the field and the rule; they never repeat the body that was sent.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from features.errors import ConflictError, RiskError
from serving.audit.errors import AuditError
from serving.checkpoints import CheckpointError
from serving.journal import JournalError
from serving.mistakes import MistakesError
from serving.readiness import NotReadyError
from serving.records import RecordsError

MEDIA_TYPE = "application/problem+json"
# what clients of other servers' protocols read, by the beginning of the path
_ALSO = {"/v2": "error", "/invocations": "message"}
MAX_ERRORS = 20
MAX_TEXT = 1_000
CLIENT_GONE = 499  # no standard status: what nginx counts such requests under


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Answer with problem details.

    Parameters
    ----------
    request : Request
        Its path becomes ``instance``.
    status : int
        HTTP status; its phrase becomes ``title``.
    detail : str
        What was wrong with this request; cut at 1,000 characters.
    errors : sequence of {"pointer", "detail"}
        Single mistakes and where they are.
    headers : mapping, optional
        Further response headers.
    """
    path = request.url.path
    content = details(status, detail) | {"instance": path[:MAX_TEXT]}
    for beginning, name in _ALSO.items():
        if path.startswith(beginning):
            content[name] = content["detail"]
    if "request_id" in request.scope:
        content["request_id"] = request.scope["request_id"]
    if errors:
        content["errors"] = list(errors)
    return JSONResponse(content, status, headers, media_type=MEDIA_TYPE)


def details(status: int, detail: str) -> dict[str, Any]:
    """Members that every problem has; an item of a batch has these, and its mistakes if it has any.

    Examples
    --------
    >>> details(404, "no such route")["title"]
    'Not Found'
    """
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail[:MAX_TEXT]}


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(ValidationError)
    async def invalid(request: Request, error: ValidationError) -> JSONResponse:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if found[0]["type"] == "json_invalid":
            return problem(request, 400, f"the body is {found[0]['msg']}")
        return _mistakes(request, found, len(found))

    @app.exception_handler(RequestValidationError)
    async def misplaced(request: Request, error: RequestValidationError) -> JSONResponse:
        """Of what stands in the path or the query; ours read bodies themselves."""
        return _mistakes(request, error.errors(), len(error.errors()), "path or query")

    @app.exception_handler(MistakesError)
    async def several(request: Request, error: MistakesError) -> JSONResponse:
        return _mistakes(request, error.first, error.count)

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=CLIENT_GONE)  # nobody reads it; it is counted as such

    @app.exception_handler(RiskError)
    async def refused(request: Request, error: RiskError) -> JSONResponse:
        return problem(request, 409 if isinstance(error, ConflictError) else 422, str(error))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        return problem(request, error.status_code, error.detail, headers=error.headers)

    @app.exception_handler(AuditError)
    @app.exception_handler(CheckpointError)
    @app.exception_handler(JournalError)
    @app.exception_handler(RecordsError)
    @app.exception_handler(NotReadyError)
    async def unavailable(request: Request, error: Exception) -> JSONResponse:
        return problem(request, 503, str(error), headers={"Retry-After": "5"})

    @app.exception_handler(Exception)
    async def defect(request: Request, error: Exception) -> JSONResponse:
        return problem(request, 500, "an error of this service, which its log describes")


def mistakes(found: Sequence[ErrorDetails], count: int, place: str) -> dict[str, Any]:
    """Members of a problem with several mistakes in one place, such as "body", a few listed."""
    errors = [{"pointer": _pointer(one), "detail": _message(one)} for one in found[:MAX_ERRORS]]
    more = f"; the first {len(errors)} are listed" if count > len(errors) else ""
    return {**details(422, f"{count} mistake(s) in the {place}{more}"), "errors": errors}


def _mistakes(
    request: Request, found: Sequence[ErrorDetails], count: int, place: str = "body"
) -> JSONResponse:
    told = mistakes(found, count, place)
    return problem(request, 422, told["detail"], errors=told["errors"])


def _pointer(error: ErrorDetails) -> str:
    """Place of a mistake as a JSON pointer (RFC 6901), without the tags of unions."""
    parts = [str(part) for part in error["loc"]]
    named = [part for part in parts if part not in ("<text>", "<number>", "<object>")]
    escaped = (part[:100].replace("~", "~0").replace("/", "~1") for part in named)
    return "#" + "".join(f"/{part}" for part in escaped)


def _message(error: ErrorDetails) -> str:
    return error["msg"].removeprefix("Value error, ")[:MAX_TEXT]
