"""Routes that answer with pages, also where something goes wrong."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from features.errors import ConflictError, RiskError
from serving.access.caller import NOBODY, Scope, caller
from serving.audit import AuditError
from serving.desk.pages import page
from serving.journal import JournalError
from serving.records import RecordsError

_AWAY = (AuditError, JournalError, RecordsError)
TITLES = {
    400: "That could not be read",
    401: "Sign in",
    403: "Not allowed",
    404: "Not here",
    409: "That contradicts what is here",
    413: "Too large",
    415: "That could not be read",
    422: "Refused",
    429: "Too often",
    503: "Not ready, or busy",
}


class PageRoute(APIRoute):
    """A route whose errors are pages, too; defects of ours stay problems."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with its errors caught."""
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await answer(request)
            except HTTPException as error:
                return error_page(request, error.status_code, error.detail, error.headers)
            except RiskError as error:
                return error_page(request, 409 if isinstance(error, ConflictError) else 422, error)
            except _AWAY as error:
                return error_page(request, 503, error, {"Retry-After": "5"})

        return handler


def error_page(request: Request, status: int, detail: object, headers: Any = None) -> Response:
    """Say what went wrong; to those who did not sign in, with the form to do so."""
    if status == 401:
        said = page(request, "login.html", status, error="", back=request.url.path)
        said.headers["WWW-Authenticate"] = 'Bearer realm="walletrisk"'
    else:
        title = TITLES.get(status, "Something went wrong")
        said = page(request, "error.html", status, title=title, detail=str(detail))
    said.headers.update(headers or {})
    return said


def may(scope: Scope) -> Callable[[Request], Coroutine[Any, Any, None]]:
    """Dependency of pages: those who did not sign in are asked to, others need the scope."""

    async def check(request: Request) -> None:
        who = caller(request)
        if who is NOBODY:
            raise HTTPException(401, "sign in")
        if scope not in who.scopes:
            raise HTTPException(403, f"this needs a key with the scope {scope}; yours has it not")

    return check
