"""Decisions of the desk: a form for each thing that the API lets a person do about a wallet."""

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from features.errors import RiskError
from serving.access.caller import Scope
from serving.audit import asker
from serving.desk.forms import instant, mistake_of, read_form
from serving.desk.page_route import PageRoute, may
from serving.desk.pages import HEADERS
from serving.desk.routes import Opened
from serving.routes.overrides import decided
from serving.routes.reading import Ready
from serving.schemas.overrides import OverrideRequest
from serving.schemas.requests import Wallet

router = APIRouter(route_class=PageRoute, include_in_schema=False, tags=["desk"])
REVIEWS, WRITES = Depends(may(Scope.REVIEW)), Depends(may(Scope.WRITE))


@router.post("/cases/{case_id}/watch", dependencies=[WRITES])
async def watch(request: Request, case: Opened, endpoint: Ready) -> Response:
    """Put the case's wallet on a watch list, or take it off."""
    given = await read_form(request)
    name = given.get("list", "")
    service = endpoint.services.of(case.chain)

    def change() -> None:
        lists, watched = endpoint.watch.lists, given.get("watched") == "yes"
        if not lists.set_watched(name, service.name, case.wallet, watched=watched):
            raise RiskError("list: there is no such watch list of this ledger")
        endpoint.watch.watcher.reload(service.name, [case.wallet] if watched else [])

    await to_thread.run_sync(change, limiter=request.app.state.writers)
    return RedirectResponse(f"/cases/{case.id}#h-watch", 303, HEADERS)


@router.post("/cases/{case_id}/override", dependencies=[REVIEWS])
async def override(request: Request, case: Opened, endpoint: Ready) -> Response:
    """Decide on the case's wallet from now on."""
    given = await read_form(request)
    try:
        asked = OverrideRequest(
            wallet=Wallet(address=case.wallet, chain=case.chain),
            decision=given.get("decision"),  # type: ignore[arg-type]  # checked there
            author=given.get("author", ""),
            reason=given.get("reason", ""),
            expires_at=instant(given.get("expires_at"), "until"),
        )
    except ValidationError as error:
        raise RiskError(mistake_of(error)) from error
    await to_thread.run_sync(
        decided, endpoint, asked, asker(request), limiter=request.app.state.writers
    )
    return RedirectResponse(f"/cases/{case.id}#h-decided", 303, HEADERS)


@router.post("/cases/{case_id}/withdraw", dependencies=[REVIEWS])
async def withdraw(request: Request, case: Opened, endpoint: Ready) -> Response:
    """End the decision that is in force on the case's wallet."""
    given = await read_form(request)
    author, reason = given.get("author"), given.get("reason")
    if not author or not reason:
        raise RiskError("say who withdraws the decision, and why")

    def end() -> None:
        endpoint.overrides.withdraw(
            given.get("override", ""), author=author, reason=reason, who=asker(request)
        )

    await to_thread.run_sync(end, limiter=request.app.state.writers)
    return RedirectResponse(f"/cases/{case.id}#h-decided", 303, HEADERS)
