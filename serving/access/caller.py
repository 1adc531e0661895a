"""Who sends a request, and what they may."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from starlette.exceptions import HTTPException
from starlette.requests import Request


class Scope(StrEnum):
    """What a caller may do."""

    SCORE = "score"  # ask
    WRITE = "write"  # change the ledger and what is known
    ADMIN = "admin"  # change models, keys and policy


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request.

    Parameters
    ----------
    name : str
        As records name them; never a secret.
    scopes : frozenset of Scope
    """

    name: str
    scopes: frozenset[Scope]


ANYONE = Caller("anyone", frozenset(Scope))


def caller(request: Request) -> Caller:
    """Who sends this request."""
    found: Caller = request.scope.get("caller", ANYONE)
    return found


def require(scope: Scope) -> Callable[[Request], Awaitable[None]]:
    """Dependency of routes that only callers with a scope may use."""

    async def check(request: Request) -> None:
        who = caller(request)
        if scope not in who.scopes:
            raise HTTPException(403, f"{who.name} may not do this: it needs scope {scope}")

    return check
