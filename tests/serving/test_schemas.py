"""What a request may hold."""

import json
import re
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from features.contracts.times import instant_text
from serving.schemas.fields import Instant
from serving.schemas.requests import ScoreRequest, Transfer, Wallet
from serving.schemas.values import finite, microseconds
from tests.serving.conftest import transfer


def read(**fields: Any) -> Transfer:
    return Transfer.model_validate_json(json.dumps(transfer(**fields)))


def ask(**fields: Any) -> ScoreRequest:
    return ScoreRequest.model_validate_json(json.dumps({"wallet": "w"} | fields))


@pytest.mark.parametrize(
    ("amount", "value"),
    [("1.5", 1.5), (1.5, 1.5), (2, 2.0), ("0", 0.0), ("1e60", 1e60), ("0.1", 0.1), (10**30, 1e30)],
)
def test_amounts_come_as_text_or_number(amount: object, value: float) -> None:
    assert float(read(amount=amount).amount) == value


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        (-1, "greater than or equal to 0"),
        ("-1", "should match pattern"),
        ("1,5", "should match pattern"),
        ("nan", "should match pattern"),
        (" 1", "should match pattern"),
        ("9" * 101, "at most 100 characters"),
        ("1e61", "at most 1e\\+60"),
        (1e61, "less than or equal to 1000"),
        (float("nan"), "finite number"),
        (float("inf"), "finite number"),
        (True, "valid number"),
        (None, "valid number"),
    ],
)
def test_other_amounts_are_refused(amount: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read(amount=amount)


@pytest.mark.parametrize("name", ["", "x" * 257, "a\x00b", 5, None])
def test_names_are_bounded(name: object) -> None:
    for field in ("tx_id", "sender", "recipient", "asset"):
        with pytest.raises(ValidationError, match=field):
            read(**{field: name})


@pytest.mark.parametrize("position", [-1, 2**31, 1.5, "1", True])
def test_positions_are_counts(position: object) -> None:
    with pytest.raises(ValidationError, match="position"):
        read(position=position)


@pytest.mark.parametrize(
    "time",
    [
        "2024-01-01T00:00:00",
        "2024-01-01",
        "1700000000",
        1_700_000_000,
        "now",
        "1678-01-01T00:00:00Z",
        "2262-01-01T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
        True,
    ],
)
def test_instants_are_iso_with_an_offset(time: object) -> None:
    with pytest.raises(ValidationError, match="as_of"):
        ask(as_of=time)


def test_instants_agree_whatever_their_offset() -> None:
    here, there = ask(as_of="2024-06-01T12:00:00.5+02:00"), ask(as_of="2024-06-01T10:00:00.5Z")
    assert here.as_of is not None
    assert there.as_of is not None
    assert microseconds(here.as_of) == microseconds(there.as_of)
    assert instant_text(microseconds(here.as_of)) == "2024-06-01T10:00:00.500000Z"


def test_a_wallet_is_a_text_or_an_object() -> None:
    assert ask().wallet == "w"
    named = ask(wallet={"address": "w", "chain": "ethereum"}).wallet
    assert named == Wallet(address="w", chain="ethereum")
    assert ask().include == ["reasons", "groups"]
    assert ask(include=[]).include == []


@pytest.mark.parametrize(
    "fields",
    [{"wallet": None}, {"wallet": {}}, {"wallet": {"address": "w", "tag": 1}}, {"include": ["all"]},
     {"features": True}],
)  # fmt: skip
def test_nothing_is_ignored(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        ask(**fields)


def test_only_finite_numbers_reach_json() -> None:
    assert [finite(value) for value in (1.0, float("nan"), float("-inf"))] == [1.0, None, None]


@pytest.mark.parametrize("year", [1, 1677, 1678, 1679, 1690, 1999, 2199, 2259, 2261, 2262, 9999])
def test_the_schema_of_an_instant_allows_the_years_that_are_taken(year: int) -> None:
    adapter = TypeAdapter(Instant)
    text = f"{year:04d}-06-01T00:00:00Z"
    try:
        adapter.validate_python(text)
        taken = True
    except ValidationError:
        taken = False
    assert (re.match(adapter.json_schema()["pattern"], text) is not None) == taken
