"""The examples of serving/inference/README.md do what they say."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from serving import create_app
from tests.pages import ROOT, blocks
from tests.serving.conftest import TestClient, World, settings
from tests.serving.inference.test_real_clients import ran
from tests.serving.live import live, program

PAGE = (ROOT / "serving" / "inference" / "README.md").read_text()


@pytest.fixture(scope="module")
def client(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with TestClient(create_app(settings(world, tmp_path_factory.mktemp("page")))) as one:
        yield one


def test_the_lines_of_curl_are_answered(client: TestClient) -> None:
    by_json, by_csv = map(shlex.split, "".join(blocks(PAGE, "sh")).splitlines())
    said = client.post(
        "/invocations", content=by_json[-1], headers={"content-type": "application/json"}
    )
    assert [one["status"] for one in said.json()["predictions"]] == ["unknown_wallet"] * 2
    _, _, media = by_csv[by_csv.index("-H") + 1].partition(": ")
    said = client.post(
        "/invocations", content=b"wallet,as_of\nw1,\n", headers={"content-type": media}
    )
    assert [one["status"] for one in said.json()["predictions"]] == ["scored"]


def test_the_example_of_triton_runs(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    python = program("python")
    (code,) = blocks(PAGE, "python")
    with live(create_app(settings(world, tmp_path_factory.mktemp("triton")))) as url:
        said = ran(python, "-c", code.replace("127.0.0.1:8000", url).replace("w7085", "w1"))
    assert said.startswith("[b'scored'")
