"""``/invocations``: five ways to say a table give one answer, and mistakes say where they are."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serving import create_app
from serving.inference.scoring_formats import CSV, PARQUET
from tests.serving.conftest import LATER, TestClient, World, settings

WHEN = LATER.isoformat()
WALLETS = ["w1", "w40", "nobody"]
FRAME = pd.DataFrame({"wallet": WALLETS, "as_of": [WHEN, WHEN, None]})


@pytest.fixture(scope="module")
def client(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with TestClient(create_app(settings(world, tmp_path_factory.mktemp("tables")))) as one:
        yield one


def parquet(frame: pd.DataFrame) -> bytes:
    held = io.BytesIO()
    frame.to_parquet(held)
    return held.getvalue()


def repeated(text: str) -> bytes:
    """A file that stores a text once and has it in every row."""
    held = io.BytesIO()
    column = pa.DictionaryArray.from_arrays(np.zeros(9_999, np.int32), pa.array([text]))
    pq.write_table(pa.table({"wallet": column}), held, dictionary_pagesize_limit=2**30)
    return held.getvalue()


def invoked(client: TestClient, body: Any, media: str | None = None) -> Any:
    """Statuses and probabilities, or the problem."""
    if media is None:
        response = client.post("/invocations", json=body)
    else:
        response = client.post("/invocations", content=body, headers={"content-type": media})
    answer = response.json()
    if response.status_code != 200:
        assert answer["message"] == answer["detail"]
        return answer
    return [(one["probability"], one["status"]) for one in answer["predictions"]]


RECORDS = FRAME.astype(object).where(FRAME.notna(), None).to_dict("records")
SPLIT = json.loads(FRAME.to_json(orient="split"))
COLUMNS = {name: [one[name] for one in RECORDS] for name in FRAME}


@pytest.mark.parametrize(
    ("body", "media"),
    [
        ({"dataframe_split": SPLIT}, None),
        ({"dataframe_records": RECORDS}, None),
        ({"instances": RECORDS}, None),
        ({"inputs": COLUMNS}, None),
        ({"inputs": WALLETS, "params": {"as_of": WHEN}}, None),
        ({"instances": WALLETS, "params": {"as_of": WHEN, "level": "wallet"}}, None),
        (FRAME.to_csv(index=False).encode(), CSV),
        (FRAME.to_csv().encode(), f"{CSV}; charset=utf-8"),
        (parquet(FRAME), PARQUET),
        (parquet(FRAME.assign(as_of=LATER).set_index(np.array([5, 3, 9]))), PARQUET),
    ],
)
def test_every_format_gives_the_same(client: TestClient, body: Any, media: str | None) -> None:
    wanted = [
        client.post("/v1/wallets/score", json={"wallet": wallet, "as_of": WHEN}).json()
        for wallet in WALLETS
    ]
    assert invoked(client, body, media) == [(one["probability"], one["status"]) for one in wanted]


def test_no_rows_are_no_predictions(client: TestClient) -> None:
    assert invoked(client, {"instances": []}) == []
    assert invoked(client, b"wallet\n", CSV) == []
    assert invoked(client, parquet(FRAME[:0].astype(str)), PARQUET) == []


def test_a_table_of_very_many_columns_is_refused_at_once(client: TestClient) -> None:
    names = [f"c{number}" for number in range(60_000)]
    begin = time.monotonic()
    told = invoked(client, {"dataframe_split": {"columns": names, "data": []}})
    assert "is none that is read" in told["detail"]
    assert time.monotonic() - begin < 5  # comparing each with each takes longer


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({"inputs": {"wallet": ["w1", 5]}}, "#/inputs/wallet/1", "should be text"),
        ({"dataframe_records": [{"wallet": "w1"}, {}]}, "#/dataframe_records/1/wallet", "text"),
        ({"dataframe_split": {"columns": ["as_of", "wallet"], "data": [["2024", "w1"]]}},
         "#/dataframe_split/data/0/0", "ISO 8601"),
        ({"inputs": ["w1", ""]}, "#/inputs/1", "should be text"),
        ({"inputs": ["w1"], "params": {"ledger": "x"}}, "#/params/ledger", "not permitted"),
        ({"inputs": ["w1"], "params": {"level": "entity"}}, "#/inputs/0", "needs clusters"),
        ({"instances": [{"wallet": "w1", "as_of": "2090-01-01T00:00:00Z"}]},
         "#/instances/0/wallet", "lies in the future"),
        ({"instances": [{"wallet": "w1", "chain": "moon"}]}, "#/instances/0/wallet", "chain"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named(client: TestClient, body: Any, pointer: str, detail: str) -> None:
    told = invoked(client, body)
    assert told["status"] == 422
    (error,) = told["errors"]
    assert error["pointer"] == pointer
    assert detail in error["detail"]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ([], "exactly one of"),
        ({}, "exactly one of"),
        ({"inputs": ["w1"], "instances": ["w1"]}, "exactly one of"),
        ({"inputs": ["w1"], "signature_name": "x"}, "exactly one of"),
        ({"inputs": 5}, "must be a list"),
        ({"inputs": ["w1"], "params": 5}, "params must be an object"),
        ({"inputs": {"wallet": ["w1"], "as_of": []}}, "equally long"),
        ({"dataframe_split": {"data": [["w1"]]}}, "columns"),
        ({"dataframe_split": {"columns": ["wallet"], "data": [["w1", 5]]}}, "1 cells"),
        ({"dataframe_split": {"columns": ["wallet", "wallet"], "data": []}}, "comes twice"),
        ({"dataframe_records": [{"wallt": "w1"}]}, "did you mean 'wallet'"),
        ({"dataframe_records": [{"as_of": WHEN}]}, "column 'wallet' is missing"),
        ({"inputs": ["w"] * 10_001}, "at most 10000 rows, received 10001"),
        ({"instances": [{f"c{n}": 1} for n in range(301)]}, "at most 300 columns"),
    ],
)
def test_what_is_no_table_is_refused(client: TestClient, body: Any, detail: str) -> None:
    told = invoked(client, body)
    assert (told["status"], detail in told["detail"]) == (422, True), told


@pytest.mark.parametrize(
    ("body", "media", "status", "detail"),
    [
        (b"{", "application/json", 400, "no JSON"),
        (b"wallet\n\xff", CSV, 400, "UTF-8"),
        (b'wallet\n"w1', CSV, 400, "no CSV"),
        (b"wallet,as_of\nw1\n", CSV, 422, "2 cells"),
        (b"wallet\n" + b"w\n" * 10_001, CSV, 422, "at most 10000 rows"),
        (b"wallet\n" + b"\n" * 30_000, CSV, 422, "most of them empty"),
        (b"PAR1nothing", PARQUET, 400, "no parquet"),
        (parquet(FRAME)[:-5], PARQUET, 400, "no parquet"),
        (parquet(pd.DataFrame({"wallet": ["w"] * 10_001})), PARQUET, 422, "at most 10000 rows"),
        (repeated("w" * 70_000_000), PARQUET, 422, "unpacks to"),
        (repeated("w" * 100_000), PARQUET, 422, "a text of 100000 bytes"),
        (parquet(pd.DataFrame({"wallet": [5]})), PARQUET, 422, "is of type int64"),
        (b"w1", "text/plain", 415, "must be one of"),
    ],
)
def test_a_body_that_is_not_what_it_says(
    client: TestClient, body: bytes, media: str, status: int, detail: str
) -> None:
    told = invoked(client, body, media)
    assert (told["status"], detail in told["detail"]) == (status, True), told


def test_probes_answer_as_those_of_the_scoring_server(client: TestClient) -> None:
    assert client.get("/ping").json() == client.get("/health").json() == {"status": "ready"}
    assert client.get("/version").text.split(".")[0] == "3"


def test_only_the_models_own_columns_are_read(client: TestClient) -> None:
    told = invoked(client, {"instances": [{"wallet": "w1", "kyc_age_days": 5}]})
    assert "allowed: wallet, as_of, chain" in told["detail"]
