"""Large bodies are checked in parts, to the same end as in one piece."""

import asyncio
import json
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from serving import bodies
from serving.bodies import KEYS, MAX_VALUES, read_parts, require_few_values
from serving.lane import Lane
from serving.mistakes import MistakesError
from serving.schemas.requests import Transfer, TransfersRequest
from tests.serving.conftest import transfer


@pytest.fixture(autouse=True)
def every_body_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SHORT_BYTES", 0)


def read(body: bytes) -> TransfersRequest:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    request = Request({"type": "http", "client": None, "headers": []}, receive)
    return asyncio.run(read_parts(request, body, TransfersRequest, Transfer, Lane()))


def test_parts_are_those_of_the_whole() -> None:
    sent = [transfer(number, amount=number / 7) for number in range(95)]
    for beside in ({}, {"chain": "ethereum"}):
        body = json.dumps({"transfers": sent, **beside}).encode()
        assert read(body) == TransfersRequest.model_validate_json(body)


BAD: list[dict[str, Any]] = [
    {"amount": -1}, {"amount": "-1"}, {"amount": 10**400}, {"amount": float("nan")},
    {"amount": True}, {"amount": None},
    {"position": -1}, {"position": True}, {"position": 2**70}, {"position": 1.0}, {"fee": 1},
    {"timestamp": "2024-01-01T00:00:00"}, {"timestamp": 5}, {"sender": "x" * 257},
    {"recipient": ["w"]}, {"asset": "a\x00b"},
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_mistakes_are_those_of_the_whole(bad: dict[str, Any]) -> None:
    sent = [transfer(number) for number in range(25)]
    sent[21] |= bad
    body = json.dumps({"transfers": sent}).encode()
    with pytest.raises(ValidationError) as whole:
        TransfersRequest.model_validate_json(body)
    with pytest.raises(MistakesError) as parts:
        read(body)
    assert parts.value.count == whole.value.error_count()
    for found, wanted in zip(parts.value.first, whole.value.errors(), strict=True):
        assert (found["loc"], found["msg"]) == (wanted["loc"], wanted["msg"])


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"x"', b"{}", b'{"transfers": 5}', b'{"transfers": []}', b"\xff",
     b'{"transfers": [], "more": 1}', b'{"transfers": [' + b"0," * 10_000 + b"0]}", b"[" * 10_000],
)  # fmt: skip
def test_what_stands_around_is_checked_as_in_the_whole(body: bytes) -> None:
    with pytest.raises(ValidationError) as whole:
        TransfersRequest.model_validate_json(body)
    with pytest.raises(ValidationError) as parts:
        read(body)
    wanted = [(one["type"], one["loc"], one["msg"]) for one in whole.value.errors()]
    assert [(one["type"], one["loc"], one["msg"]) for one in parts.value.errors()] == wanted


def test_values_are_counted_before_they_are_read() -> None:
    with pytest.raises(HTTPException, match=f"413: the body has more than {MAX_VALUES} values"):
        require_few_values(b"," * MAX_VALUES)
    require_few_values(b"," * (MAX_VALUES - 1))


def test_mistakes_in_one_object_are_bounded() -> None:
    keys = {f"k{number}": 0 for number in range(MAX_VALUES - 1_000)}
    with pytest.raises(MistakesError) as parts:
        read(json.dumps({"transfers": [keys]}).encode())
    assert parts.value.count < 2 * KEYS
    with pytest.raises(ValidationError) as around:
        read(json.dumps(keys).encode())
    assert around.value.error_count() <= KEYS + 1
