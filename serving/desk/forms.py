"""What forms send: their fields, and the proof that it was a page of ours that sent them."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from fastapi import Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from features.contracts.addresses import is_canonical
from features.errors import RiskError
from serving.bodies import SHORT_BYTES
from serving.desk.pages import csrf
from serving.routes.reading import media_type
from serving.schemas.requests import ScoreRequest
from serving.service import Service

MOST_FIELDS = 40
_ACCOUNTS = (
    "an account of ours",
    f"0x{hashlib.sha256(b'walletrisk: an account that nobody has').hexdigest()[:40]}",
)
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
FORM = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> dict[str, str]:
    """Fields of a form of ours, without surrounding spaces, those that are filled in.

    Raises
    ------
    HTTPException
        415, 413, 400: it is no form. 403: it came from no page that this caller was shown.
    """
    if media_type(request) != FORM:
        raise HTTPException(415, f"send a form: Content-Type: {FORM}")
    body = await request.body()
    if len(body) > SHORT_BYTES:
        raise HTTPException(413, f"a form has at most {SHORT_BYTES} bytes")
    try:
        fields = parse_qs(body.decode(), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise HTTPException(400, "the form cannot be read") from error
    given = {name: values[-1].strip() for name, values in fields.items()}
    if not hmac.compare_digest(given.get("csrf", "").encode(), csrf(request).encode()):
        raise HTTPException(403, "this form is of an earlier session: go back, reload, try again")
    return {name: value for name, value in given.items() if value}


def instant(text: str | None, what: str = "as of") -> datetime | None:
    """Instant that somebody typed, in UTC unless it says otherwise; None: the field was empty.

    Raises
    ------
    RiskError
        It is none.

    Examples
    --------
    >>> instant("2026-01-31T09:30").isoformat(), instant("2026-01-31").isoformat()
    ('2026-01-31T09:30:00+00:00', '2026-01-31T00:00:00+00:00')
    """
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise RiskError(
            f"{what} {text[:40]!r} is no time; write it as 2026-01-31 09:30, in UTC"
        ) from error
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)


def question(given: Mapping[str, str], service: Service) -> ScoreRequest:
    """The question that the fields ask, with all that the page shows.

    Raises
    ------
    RiskError
        A field does not hold what it should.
    """
    held = service.scorer.held
    wallet: Any = given.get("wallet", "")
    if service.chain is not None:
        wallet = {"address": wallet, "chain": service.chain}
    include = ["reasons", "groups"] + (["exposure"] if held.labels is not None else [])
    try:
        return ScoreRequest.model_validate(
            {"wallet": wallet, "as_of": instant(given.get("as_of")), "include": include}
            | ({"transfers": [_supposed(given, held.ledger.chain)]} if "amount" in given else {})
        )
    except ValidationError as error:
        raise RiskError(mistake_of(error)) from error


def mistake_of(error: ValidationError) -> str:
    """The first mistake of a form, by its field."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    fields = [str(part) for part in first["loc"] if not str(part).startswith("<")]
    said = first["msg"].removeprefix("Value error, ")
    return f"{fields[-1] if fields else 'form'}: {said}"


def own_account(chain: str | None) -> str:
    """A wallet that nobody has, for an account of the asker's own; empty where none is known.

    Examples
    --------
    >>> own_account("bank"), own_account("bitcoin"), len(own_account("ethereum"))
    ('an account of ours', '', 42)
    """
    return next((name for name in _ACCOUNTS if is_canonical(name, chain)), "")


def _supposed(given: Mapping[str, str], chain: str | None) -> dict[str, Any]:
    """The transfer of a what-if, between the wallet and an account of the asker's own."""
    account = given.get("account", own_account(chain))
    if not account:
        raise RiskError("your account: name an address of yours, such as a fresh one")
    ends = given.get("wallet", ""), account
    sender, recipient = ends if given.get("way") != "withdrawal" else reversed(ends)
    for name in ("amount", "value"):
        if not _NUMBER.fullmatch(given.get(name, "1")):
            raise RiskError(f"{name}: write digits and a point, such as 1500.50")
    made = {
        "sender": sender, "recipient": recipient, "amount": given["amount"],
        "asset": given.get("asset", ""),
    }  # fmt: skip
    return made | ({"value": given["value"]} if "value" in given else {})
