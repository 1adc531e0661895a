"""Cases: asked, looked at, followed, and taken along."""

from datetime import datetime
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from features.errors import RiskError
from serving.access.caller import Scope, caller
from serving.desk import asking
from serving.desk.case_csv import case_csv
from serving.desk.case_pdf import case_pdf
from serving.desk.cases import Case, Cases
from serving.desk.forms import own_account, question, read_form
from serving.desk.history import chart, instants
from serving.desk.page_route import PageRoute, may
from serving.desk.pages import HEADERS, page
from serving.desk.picture import HEIGHT, WIDTH
from serving.desk.told import alarming, exposed, movers, provenance, scale
from serving.desk.waterfall import waterfall
from serving.endpoint import Endpoint
from serving.routes.reading import Ready
from serving.schemas.requests import ScoreRequest

MOST_ASSETS = 100  # that the page offers
router = APIRouter(
    route_class=PageRoute,
    include_in_schema=False,
    tags=["desk"],
    dependencies=[Depends(may(Scope.SCORE))],
)


async def _case(case_id: str, request: Request, endpoint: Ready) -> Case:
    cases: Cases = request.app.state.cases
    found = cases.find(case_id) or await asking.past_case(endpoint, case_id)
    if found is None:
        raise HTTPException(404, "no answer that is kept has this id: look the wallet up again")
    return found


Opened = Annotated[Case, Depends(_case)]


@router.post("/")
async def ask(request: Request, endpoint: Ready) -> Response:
    """Ask about a wallet; the answer has a page of its own, whose address names no wallet."""
    given = await read_form(request)
    names = endpoint.services.names if endpoint.services.several else []
    try:
        service = endpoint.services.of(given.get("ledger"))
        asked = question(given, service)
        typed = given.get("wallet", "")
        case = await asking.new_case(request, endpoint, asked, typed, given.get("before"))
    except RiskError as error:
        back = given.get("before", "")
        return page(
            request, "home.html", 422, ledgers=names, given=given, error=str(error), back=back
        )
    cases: Cases = request.app.state.cases
    cases.keep(case)
    return RedirectResponse(f"/cases/{case.id}", 303, HEADERS)


@router.get("/cases/{case_id}.pdf")
async def pdf(case: Opened) -> Response:
    """The case on paper."""
    content = await to_thread.run_sync(case_pdf, case)
    return _file(case, content, "application/pdf", "pdf")


@router.get("/cases/{case_id}.csv")
async def csv(case: Opened) -> Response:
    """The case as a table."""
    return _file(case, case_csv(case).encode(), "text/csv; charset=utf-8", "csv")


@router.get("/cases/{case_id}")
async def show(request: Request, case: Opened, endpoint: Ready) -> Response:
    """The page of a case."""
    cases: Cases = request.app.state.cases
    answer = case.answer
    sides = {} if answer["exposure"] is None else answer["exposure"]
    service = endpoint.services.of(case.chain)
    held = service.scorer.held
    watching = {}
    if Scope.WRITE in caller(request).scopes:
        watching = await to_thread.run_sync(endpoint.watch.lists.of, service.name, case.wallet)
    return page(
        request,
        "case.html",
        case=case,
        answer=answer,
        alarming=alarming(answer["known"]),
        before=None if case.before is None else cases.find(case.before),
        scale=scale(answer),
        fall=waterfall(answer),
        movers=movers(answer),
        exposed={name: exposed(sides[name]) for name in ("received", "sent") if name in sides},
        provenance=provenance(answer, case.ledger),
        ledgers=endpoint.services.names if endpoint.services.several else [],
        ledger_chain=held.ledger.chain,
        unit=held.ledger.unit,
        assets=held.ledger.assets.listed[:MOST_ASSETS],
        account=own_account(held.ledger.chain),
        reviews=Scope.REVIEW in caller(request).scopes,
        decisions=_decisions(endpoint, case),
        watching=watching,
    )


@router.post("/cases/{case_id}/trail")
async def trail(request: Request, case: Opened, endpoint: Ready) -> Response:
    """The money trail of the case's wallet, or of one that its trail names, as of the same."""
    given = await read_form(request)
    service = endpoint.services.of(case.chain)
    wallet = given.get("wallet", case.wallet)
    graph, evidence, paths = await asking.trail(request, service, _named(wallet, case), case.as_of)
    return page(
        request,
        "trail.html",
        case=case,
        wallet=evidence["wallet"]["address"],
        graph=graph,
        box={"width": WIDTH, "height": HEIGHT},
        paths=paths,
        evidence=evidence,
        unit=service.scorer.held.ledger.unit,
    )


@router.post("/cases/{case_id}/history")
async def history(request: Request, case: Opened, endpoint: Ready) -> Response:
    """The score over time: of instants in the wallet's life up to the case's."""
    await read_form(request)
    told = instants(datetime.fromisoformat(case.as_of), case.answer["coverage"]["age_s"])
    asked = [ScoreRequest(wallet=case.asked.wallet, as_of=one, include=[]) for one in told]
    answers = await asking.scores(request, endpoint, asked)
    shown = chart(answers, case.answer["known"])
    return page(request, "history.html", case=case, chart=shown, answer=answers[-1])


def _decisions(endpoint: Endpoint, case: Case) -> list[dict[str, Any]]:
    """What was decided on the case's wallet, up to now, with whether it is in force."""
    now = endpoint.audit.now_us()
    found = endpoint.overrides.decisions.history(case.chain, case.wallet)
    return [one.history() | {"holds": one.holds(now)} for one in found]


def _named(wallet: str, case: Case) -> object:
    return wallet if case.chain is None else {"address": wallet, "chain": case.chain}


def _file(case: Case, content: bytes, media: str, ending: str) -> Response:
    told = {"Content-Disposition": f'attachment; filename="case-{case.id}.{ending}"'}
    return Response(content, headers=HEADERS | told, media_type=media)
