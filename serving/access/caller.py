"""Who sends a request, and what they may."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from starlette.exceptions import HTTPException
from starlette.requests import Request


class Scope(StrEnum):
    """What a caller may do; none of them implies another."""

    SCORE = "score"  # ask
    WRITE = "write"  # change the ledger and what is known
    REVIEW = "review"  # decide on wallets: overrides, and read what was answered before
    ADMIN = "admin"  # change models and policy
    MONITOR = "monitor"  # read measures


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
NOBODY = Caller("nobody", frozenset())  # who sees the login page


def caller(request: Request) -> Caller:
    """Who sends this request."""
    found: Caller = request.scope.get("caller", ANYONE)
    return found


def require(scope: Scope) -> Callable[[Request], Awaitable[None]]:
    """Dependency of routes that only callers with a scope may use."""
    challenge = f'Bearer realm="walletrisk", error="insufficient_scope", scope="{scope}"'

    async def check(request: Request) -> None:
        who = caller(request)
        if scope not in who.scopes:
            has = ", ".join(sorted(who.scopes)) or "none"
            raise HTTPException(
                403,
                f"this needs a key with the scope {scope}; {who.name!r} has {has}",
                {"WWW-Authenticate": challenge},
            )

    return check
