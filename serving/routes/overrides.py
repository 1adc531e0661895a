"""Routes of analysts' decisions. No address is in a URL, which logs and proxies keep."""

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException

from features.errors import RiskError
from serving.access.caller import Scope, require
from serving.audit import Asker, asker
from serving.endpoint import Endpoint
from serving.openapi import documented
from serving.overrides import Decided
from serving.routes.reading import Ready, as_json, short_body
from serving.schemas import overrides
from serving.schemas.requests import Wallet, chain_of
from serving.schemas.values import microseconds

router = APIRouter(dependencies=[Depends(require(Scope.REVIEW))], tags=["overrides"])
_NONE = {404: "No such override"}


@router.put("/v1/overrides", **documented(overrides.PastOverride, overrides.OverrideRequest))
async def decide(request: Request, endpoint: Ready) -> Response:
    """Let a decision on a wallet hold from now on, in place of the one that does."""
    asked = overrides.OverrideRequest.model_validate_json(await short_body(request))
    done = await to_thread.run_sync(
        decided, endpoint, asked, asker(request), limiter=request.app.state.writers
    )
    return as_json(done.history())


def decided(endpoint: Endpoint, asked: overrides.OverrideRequest, who: Asker) -> Decided:
    """Do what is asked for; in a thread. Raises as :meth:`Overrides.decide`."""
    wallet = asked.wallet if asked.score is None else _wallet_of(endpoint, asked.score)
    if wallet is None:
        raise RiskError("name one of wallet and score")
    service = endpoint.services.of(chain_of(wallet))
    expires = asked.expires_at
    wanted = Decided(
        "", service.chain or "", service.address(wallet), asked.decision, asked.author,
        asked.reason, who.name, asked.score, 0, None if expires is None else microseconds(expires),
    )  # fmt: skip
    return endpoint.overrides.decide(wanted, who)


def _wallet_of(endpoint: Endpoint, score: str) -> Wallet:
    """The wallet that a past answer is about; raises RiskError where there is no such answer."""
    line = endpoint.audit.find(score) if endpoint.audit.on else None
    record = {} if line is None else line.content()
    if record.get("kind") != "score":
        raise RiskError("score: no answer that is kept has this id")
    return Wallet(**record["wallet"])


@router.get("/v1/overrides", **documented(overrides.OverridesFound))
async def in_force(endpoint: Ready) -> Response:
    """Decisions that hold now, the latest 1,000."""
    held = endpoint.overrides.decisions.in_force(endpoint.audit.now_us())
    return as_json({"overrides": [one.history() for one in held]})


@router.post("/v1/overrides:find", **documented(overrides.OverridesFound, overrides.FindRequest))
async def decisions_on(request: Request, endpoint: Ready) -> Response:
    """All decisions on a wallet, in force or over."""
    asked = overrides.FindRequest.model_validate_json(await short_body(request))
    service = endpoint.services.of(chain_of(asked.wallet))
    found = endpoint.overrides.decisions.history(service.chain, service.address(asked.wallet))
    return as_json({"overrides": [one.history() for one in found]})


@router.get("/v1/overrides/{override_id}", **documented(overrides.PastOverride, None, _NONE))
async def decision(override_id: str, endpoint: Ready) -> Response:
    """One decision, in force or over."""
    return as_json(_found(endpoint, override_id).history())


@router.post(
    "/v1/overrides/{override_id}:withdraw",
    **documented(overrides.PastOverride, overrides.WithdrawRequest, _NONE),
)
async def withdraw(override_id: str, request: Request, endpoint: Ready) -> Response:
    """End a decision now. It stays in the history."""
    asked = overrides.WithdrawRequest.model_validate_json(await short_body(request))
    _found(endpoint, override_id)

    def end() -> Decided:
        return endpoint.overrides.withdraw(
            override_id, author=asked.author, reason=asked.reason, who=asker(request)
        )

    done = await to_thread.run_sync(end, limiter=request.app.state.writers)
    return as_json(done.history())


def _found(endpoint: Endpoint, override_id: str) -> Decided:
    found = endpoint.overrides.decisions.find(override_id)
    if found is None:
        raise HTTPException(404, "no override has this id")
    return found
