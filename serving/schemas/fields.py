"""Fields of requests: names, instants, numbers and amounts."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

MAX_AMOUNT = 1e60
CALLED = "x-walletrisk-ledger"  # marks a field whose values are the names of ledgers
_INSTANT = "Input should be text in ISO 8601 with an offset, such as 2026-01-31T09:30:00Z"


def _instant(value: object) -> object:
    # pydantic alone also takes numbers, as seconds or milliseconds by their size
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    raise ValueError(_INSTANT)


def _in_range(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(_INSTANT)
    if not 1678 < value.year < 2262:
        raise ValueError("Input should be after 1678 and before 2262")
    return value


def _amount(text: str) -> str:
    if float(text) > MAX_AMOUNT:
        raise ValueError(f"Input should be at most {MAX_AMOUNT:g}")
    return text


def _text_or_number(value: object) -> str:
    return "<text>" if isinstance(value, str) else "<number>"


NO_NUL = r"^[^\x00]+$"  # the one character that PostgreSQL cannot store in a text
Name = Annotated[str, Field(min_length=1, max_length=256, pattern=NO_NUL)]
# openapi.py puts what this endpoint's ledgers are called in its place
Chain = Annotated[Name, Field(json_schema_extra={CALLED: True})]
# the same range as _in_range: what a document allows is taken
YEARS = r"^(1679|16[89]\d|1[7-9]\d\d|2[01]\d\d|22[0-5]\d|226[01])-"
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    AfterValidator(_in_range),
    Field(strict=False, json_schema_extra={"pattern": YEARS}),
]
Measure = Annotated[float, Field(allow_inf_nan=False)]
Number = Annotated[float, Field(ge=0, le=MAX_AMOUNT, allow_inf_nan=False)]
NumberText = Annotated[
    str,
    Field(max_length=100, pattern=r"^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"),
    AfterValidator(_amount),
]
# problems.py leaves tags in angle brackets out of the place it reports
Amount = Annotated[
    Annotated[Number, Tag("<number>")] | Annotated[NumberText, Tag("<text>")],
    Discriminator(_text_or_number),
]
