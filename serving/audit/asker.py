"""Who asks for an answer, and by which way: what the audit writes beside it."""

import uuid
from typing import NamedTuple

from starlette.requests import Request

from serving.access.caller import caller


class Asker(NamedTuple):
    """Who asks.

    Attributes
    ----------
    name : str
        Of the caller, never a secret.
    route : str
        By which the question came, as a template.
    request_id : str
        Of the request that it came with, which may hold several questions.
    """

    name: str
    route: str
    request_id: str


OURSELVES = Asker("walletrisk", "", "")  # asks for what no caller asked for


def asker(request: Request) -> Asker:
    """Who sends this request."""
    scope = request.scope
    id_: str = scope.get("request_id") or uuid.uuid4().hex
    return Asker(caller(request).name, getattr(scope.get("route"), "path", ""), id_)
