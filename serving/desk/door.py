"""The way in: the page that looks wallets up, signing in and out, and the files of pages."""

import math
import re
import time

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from serving.access.caller import Scope
from serving.access.failures import Failures
from serving.access.sessions import COOKIE, LONGEST_S, Sessions
from serving.desk.forms import read_form
from serving.desk.page_route import PageRoute, may
from serving.desk.pages import ASSETS, HEADERS, MEDIA, VERSION, page
from serving.lane import address
from serving.routes.reading import Ready

router = APIRouter(route_class=PageRoute, include_in_schema=False, tags=["desk"])
_OURS = re.compile(r"/(cases/[0-9a-f]{32})?")


@router.get("/", dependencies=[Depends(may(Scope.SCORE))])
async def home(request: Request, endpoint: Ready) -> Response:
    """Look a wallet up."""
    names = endpoint.services.names if endpoint.services.several else []
    return page(request, "home.html", ledgers=names, given={}, error="", back="")


@router.post("/login")
async def login(request: Request, endpoint: Ready) -> Response:
    """Let a browser in that shows a key: a cookie stands for it from now on."""
    given = await read_form(request)
    state = request.app.state
    held = endpoint.keys.find(given.get("key", ""))
    back = given.get("back", "/")
    if isinstance(held, str):
        failures: Failures = state.failures
        wait_s = failures.wait_s(address(request), time.monotonic())
        if wait_s:
            raise HTTPException(
                429, "too many keys that are none: wait a little",
                {"Retry-After": str(math.ceil(wait_s))},
            )  # fmt: skip
        return page(request, "login.html", 401, error=held, back=back)
    sessions: Sessions = state.sessions
    answer = RedirectResponse(back if _OURS.fullmatch(back) else "/", 303, HEADERS)
    answer.set_cookie(
        COOKIE, sessions.begin(held.key.id), max_age=int(LONGEST_S), httponly=True,
        samesite="strict", secure=_secure(request),
    )  # fmt: skip
    return answer


@router.post("/logout")
async def logout(request: Request) -> Response:
    """End a browser's session."""
    await read_form(request)
    sessions: Sessions = request.app.state.sessions
    sessions.end(request.headers.get("cookie", "").encode("latin-1"))
    answer = RedirectResponse("/", 303, HEADERS)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=_secure(request))
    return answer


@router.get("/assets/{version}/{name}")
async def asset(version: str, name: str) -> Response:
    """A file of the pages, which never changes under its name."""
    if version != VERSION or name not in ASSETS:
        raise HTTPException(404, "there is no such file")
    media = next(media for ending, media in MEDIA.items() if name.endswith(ending))
    headers = HEADERS | {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(ASSETS[name], headers=headers, media_type=media)


def _secure(request: Request) -> bool:
    """Whether the browser came by https, perhaps to a proxy."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))
