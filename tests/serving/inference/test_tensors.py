"""``/v2``: tensors in JSON or as bytes, and what is wrong with them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pytest

from serving import create_app
from tests.serving.conftest import LATER, TestClient, World, settings

INFER = "/v2/models/walletrisk/infer"


@pytest.fixture(scope="module")
def client(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with TestClient(create_app(settings(world, tmp_path_factory.mktemp("tensors")))) as one:
        yield one


def tensor(name: str, cells: list[Any], **changes: Any) -> dict[str, Any]:
    return {"name": name, "shape": [len(cells)], "datatype": "BYTES", "data": cells} | changes


def test_columns_are_answered_in_the_order_of_wallets(client: TestClient) -> None:
    when = LATER.isoformat()
    inputs = [tensor("wallet", ["w1", "nobody"]), tensor("as_of", [when, ""])]
    outputs = [{"name": "status"}, {"name": "probability_low"}]
    said = client.post(INFER, json={"id": "5", "inputs": inputs, "outputs": outputs}).json()
    assert said["id"] == "5"
    assert [one["name"] for one in said["outputs"]] == ["status", "probability_low"]
    assert said["outputs"][0]["data"] == ["scored", "unknown_wallet"]
    assert said["outputs"][1]["data"][1] is None  # nan has no other word in JSON
    nested = tensor("wallet", [["w1"], ["nobody"]], shape=[2, 1])
    again = client.post(INFER, json={"inputs": [nested, inputs[1]], "outputs": outputs}).json()
    assert again["outputs"] == said["outputs"]


@pytest.mark.parametrize(
    ("inputs", "detail"),
    [
        ([tensor("wallet", ["w1"]), tensor("wallet", ["w1"])], "a name comes twice"),
        ([tensor("wallet", ["w1"], shape=[2])], "has 1 cells, its shape says 2"),
        ([tensor("wallet", ["w1"], shape=[1, 2])], "shape must be"),
        ([tensor("wallet", ["w1"], shape=[-1])], "shape must be"),
        ([tensor("wallet", [1.5], datatype="FP64")], "must be BYTES, not FP64"),
        ([tensor("wallet", ["w1"]), tensor("as_of", [])], "equally long"),
        ([tensor("addresses", ["w1"], datatype="FP64")], "none that is read"),
        ([tensor("wallet", ["w"] * 10_001)], "at most 10000 rows"),
        ([tensor("wallet", ["w"], shape=[10**12])], "at most 10000 rows"),
        ([tensor("wallet", [], parameters={"binary_data_size": 9})], "bytes are left, not binary"),
    ],
)
def test_tensors_must_be_as_their_shapes_say(
    client: TestClient, inputs: list[dict[str, Any]], detail: str
) -> None:
    response = client.post(INFER, json={"inputs": inputs})
    told = response.json()
    assert response.status_code == 422, told
    assert detail in told["detail"], told
    assert told["error"] == told["detail"]


@pytest.mark.parametrize(("cell", "pointer"), [("", "#/inputs/0/data/1"), (5, "#/inputs/0/data/1")])
def test_a_bad_cell_is_named(client: TestClient, cell: Any, pointer: str) -> None:
    told = client.post(INFER, json={"inputs": [tensor("wallet", ["w1", cell])]}).json()
    assert [one["pointer"] for one in told["errors"]] == [pointer]


def sent(client: TestClient, body: bytes, length: str) -> Any:
    headers = {"inference-header-content-length": length}
    return client.post(INFER, content=body, headers=headers)


@pytest.mark.parametrize(
    ("tail", "detail"),
    [
        (b"\x02\x00\x00\x00w1", None),
        (b"\x02\x00\x00\x00w", "bytes are not 1 texts"),
        (b"\xff\xff\xff\xffw1", "bytes are not 1 texts"),
        (b"\x02\x00", "bytes are not 1 texts"),
        (b"\x02\x00\x00\x00\xff\xff", "no UTF-8"),
        (b"\x02\x00\x00\x00w1\x00\x00\x00\x00", "bytes are not 1 texts"),
    ],
)
def test_bytes_behind_the_json(client: TestClient, tail: bytes, detail: str | None) -> None:
    head = (
        '{"inputs": [{"name": "wallet", "shape": [1], "datatype": "BYTES", "parameters": '
        f'{{"binary_data_size": {len(tail)}}}}}], "outputs": [{{"name": "probability", '
        '"parameters": {"binary_data": true}}]}'
    ).encode()
    response = sent(client, head + tail, str(len(head)))
    if detail is not None:
        assert detail in response.json()["error"]
        return
    length = int(response.headers["inference-header-content-length"])
    (probability,) = struct.unpack("<d", response.content[length:])
    assert (
        probability == client.post("/v1/wallets/score", json={"wallet": "w1"}).json()["probability"]
    )
    left = sent(client, head + tail + b"more", str(len(head)))
    assert "4 bytes follow the last tensor" in left.json()["error"]


@pytest.mark.parametrize("length", ["x", "-1", "100000"])
def test_the_json_ends_within_the_body(client: TestClient, length: str) -> None:
    assert sent(client, b"{}", length).status_code == 400


def test_no_other_model_nor_version_is_here(client: TestClient) -> None:
    (version,) = client.get("/v2/models/walletrisk").json()["versions"]
    assert client.get(f"/v2/models/walletrisk/versions/{version}/ready").json()["ready"]
    for path in (
        "another",
        "walletrisk/versions/0",
        "another/ready",
        "walletrisk/versions/0/ready",
    ):
        response = client.get(f"/v2/models/{path}")
        assert response.status_code == 404
        assert "here" in response.json()["error"] or "served" in response.json()["error"]
    assert client.post("/v2/models/another/infer", json={}).status_code == 404
    assert (
        client.post(INFER, content=b"wallet", headers={"content-type": "text/csv"}).status_code
        == 415
    )
