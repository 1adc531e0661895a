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

router = APIRouter(
    route_class=PageRoute,
    include_in_schema=False,
    tags=["desk"],
    dependencies=[Depends(may(Scope.REVIEW))],
)


@router.post("/cases/{case_id}/override")
async def override(request: Request, case: Opened, endpoint: Ready) -> Response:
    """Decide on the case's wallet from now on."""
    given = await read_form(request)
    try:
        asked = OverrideRequest(
            wallet=Wallet(address=case.wallet, chain=case.chain),
            decision=given.get("decision"),  # type: ignore[arg-type]  # checked there
            author=given.get("author", ""),
            reason=given.get("reason", ""),
            expires_at=instant(given.get("expires_at")),
        )
    except ValidationError as error:
        raise RiskError(mistake_of(error)) from error
    await to_thread.run_sync(
        decided, endpoint, asked, asker(request), limiter=request.app.state.writers
    )
    return RedirectResponse(f"/cases/{case.id}#h-decided", 303, HEADERS)


@router.post("/cases/{case_id}/withdraw")
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
