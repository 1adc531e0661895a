"""Lists of wallets, scored off the request path: taken, worked on, gone on with, let go of."""

from __future__ import annotations

import gc
import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pandas as pd
import pytest

from serving import create_app
from serving.access.caller import Caller, Scope
from serving.jobs import worker
from serving.jobs.items import CSV, NDJSON, PARQUET
from serving.jobs.jobs import MAX_OF_ONE, RESULT, Jobs
from serving.jobs.results import Written, written
from serving.jobs.store import State
from tests.serving.conftest import LATER, TestClient, World, settings

WHEN = LATER.isoformat()
WALLETS = [f"w{number}" for number in range(30)]
FRAME = pd.DataFrame({"wallet": WALLETS, "as_of": WHEN})


@contextmanager
def started(world: World, folder: Path, **changes: Any) -> Iterator[TestClient]:
    records = f"sqlite:///{folder / 'records.sqlite'}"
    with TestClient(create_app(settings(world, folder, records=records, **changes))) as client:
        yield client


@pytest.fixture(scope="module")
def client(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with started(world, tmp_path_factory.mktemp("jobs")) as one:
        yield one


def jobs_of(client: TestClient) -> Jobs:
    app: Any = client.app
    jobs: Jobs = app.state.endpoint.jobs
    return jobs


def ndjson(*items: object) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def parquet(frame: pd.DataFrame) -> bytes:
    held = io.BytesIO()
    frame.to_parquet(held)
    return held.getvalue()


def sent(client: TestClient, body: bytes, media: str = NDJSON, **query: Any) -> Any:
    return client.post(
        "/v1/jobs", content=body, headers={"content-type": media}, params=query
    ).json()


def ended(client: TestClient, id: str) -> Any:
    for _ in range(2_000):
        told = client.get(f"/v1/jobs/{id}").json()
        if told["finished_at"] is not None:
            return told
        time.sleep(0.01)
    raise AssertionError(told)


def lines(client: TestClient, id: str) -> list[Any]:
    response = client.get(f"/v1/jobs/{id}/result")
    assert response.headers["content-type"] == NDJSON
    return [json.loads(line) for line in response.text.splitlines()]


def plain(answer: Any) -> Any:
    return {name: told for name, told in answer.items() if name not in ("id", "request_id")}


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (ndjson(*WALLETS), NDJSON),
        (ndjson(*({"wallet": {"address": one}, "as_of": WHEN} for one in WALLETS)), NDJSON),
        (FRAME.to_csv(index=False).encode(), CSV),
        (parquet(FRAME.assign(as_of=LATER)), PARQUET),
    ],
)
def test_a_list_gets_the_answers_of_single_questions(
    client: TestClient, body: bytes, media: str
) -> None:
    job = sent(client, body, media, as_of=WHEN, include=["reasons"])
    assert (job["state"], job["total"], job["result"]) == ("waiting", 30, None)
    done = ended(client, job["id"])
    assert (done["state"], done["answered"], done["problems"]) == ("done", 30, 0)
    said = lines(client, job["id"])
    assert [line["item"] for line in said] == list(range(30))
    assert [line["wallet"] for line in said] == WALLETS
    for line, wallet in zip(said, WALLETS, strict=True):
        question = {"wallet": wallet, "as_of": WHEN, "include": ["reasons"]}
        alone = client.post("/v1/wallets/score", json=question).json()
        assert plain(line["answer"]) == plain(alone)
    table = client.get(f"/v1/jobs/{job['id']}/result", params={"format": "parquet"})
    frame = pd.read_parquet(io.BytesIO(table.content))
    assert frame["probability"].tolist() == [line["answer"]["probability"] for line in said]
    assert frame["problem"].isna().all()


def test_a_bad_item_leaves_the_others_their_answers(client: TestClient) -> None:
    body = ndjson("w1", {"wallet": 5}, {"wallet": "w2", "wish": 1}, 7) + b'{"wallet": "w\xff"}\n'
    body += b"\n  \n" + b'"' + b"w" * 20_000 + b'"\n' + ndjson("w3")[:-1]
    job = ended(client, sent(client, body)["id"])
    assert (job["total"], job["answered"], job["problems"]) == (7, 7, 5)
    said = lines(client, job["id"])
    assert ["answer" in line for line in said] == [True, *[False] * 5, True]
    assert [line["problem"]["status"] for line in said[1:-1]] == [422] * 5
    assert said[1]["problem"]["errors"][0]["pointer"] == "#/wallet"
    assert "at most 16384 bytes" in said[5]["problem"]["errors"][0]["detail"]


def test_a_row_of_a_table_says_what_is_wrong(client: TestClient) -> None:
    body = f"wallet,as_of\nw1,{WHEN}\nw2\nw3,yesterday\n,{WHEN}\n".encode()
    job = ended(client, sent(client, body, CSV)["id"])
    said = lines(client, job["id"])
    assert job["problems"] == 3
    assert "should have 2 cells" in said[1]["problem"]["errors"][0]["detail"]
    assert said[2]["problem"]["errors"][0]["pointer"] == "#/as_of"
    table = client.get(f"/v1/jobs/{job['id']}/result", params={"format": "parquet"})
    assert pd.read_parquet(io.BytesIO(table.content))["problem"].notna().sum() == 3


@pytest.mark.parametrize(
    ("body", "media", "query", "status", "detail"),
    [
        (b"", NDJSON, {}, 422, "a list has 1 to"),
        (b"wallet\n", CSV, {}, 422, "a list has 1 to"),
        (b"", CSV, {}, 422, "'wallet' is missing"),
        (b"wallet,colour\nw1,red\n", CSV, {}, 422, "'colour' is none that is read"),
        (b"wallet\n\xff\n", CSV, {}, 400, "no CSV in UTF-8"),
        (b'wallet\n"w1', CSV, {}, 400, "no CSV"),
        (b"PAR1", PARQUET, {}, 400, "no parquet"),
        (b"\n" * 20_000 + b'"w1"', NDJSON, {}, 422, "more than 1000 empty lines"),
        (b"wallet\n" + b"\n" * 20_000, CSV, {}, 422, "more than 1000 empty lines"),
        (b"w1", "text/plain", {}, 415, "the list must be one of"),
        (b'"w1"', NDJSON, {"include": "all"}, 422, "mistake(s) in the path or query"),
        (b'"w1"', NDJSON, {"as_of": "2090-01-01T00:00:00Z"}, 422, "lies in the future"),
        (b'"w1"', NDJSON, {"as_of": "soon"}, 422, "mistake(s) in the path or query"),
    ],
)
def test_a_list_that_is_none_is_refused(
    client: TestClient, body: bytes, media: str, query: Any, status: int, detail: str
) -> None:
    told = sent(client, body, media, **query)
    assert (told["status"], detail in told["detail"]) == (status, True), told
    folder = jobs_of(client).folder
    known = jobs_of(client).store.ids()
    assert {place.name for place in folder.glob("*")} <= known


def test_a_list_has_a_limit_of_its_own(world: World, tmp_path: Path) -> None:
    with started(world, tmp_path, max_body_bytes=100, max_job_bytes=400) as client:
        assert sent(client, b'"w1"\n' * 50)["total"] == 50
        assert sent(client, b'"w1"\n' * 100)["status"] == 413
        assert len(client.get("/v1/jobs").json()["jobs"]) == 1


def test_a_stop_while_a_result_is_looked_at_leaves_no_file_open(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking, stopped = Event(), Event()

    def late(path: Path) -> Written:
        looking.set()
        assert stopped.wait(10.0)
        return written(path)

    with monkeypatch.context() as patched:
        patched.setattr(worker, "written", late)
        with started(world, tmp_path) as client:
            id = sent(client, ndjson("w1", "w2"), as_of=WHEN)["id"]
            assert looking.wait(10.0)
            Timer(0.2, stopped.set).start()
    gc.collect()  # a file that nobody closed warns now, and a warning fails a test
    with started(world, tmp_path) as client:
        assert ended(client, id)["answered"] == 2


def half_done(client: TestClient, torn: bytes) -> tuple[str, list[Any]]:
    """A finished job, put back to where a kill would have left it; its answers."""
    body = ndjson("w1", {"wallet": 5}, *WALLETS)
    id = sent(client, body, as_of=WHEN)["id"]
    ended(client, id)
    said = lines(client, id)
    jobs = jobs_of(client)
    result = jobs.place(id) / RESULT
    kept = result.read_bytes().splitlines(keepends=True)[:12]
    result.write_bytes(b"".join(kept) + torn)
    job = jobs.store.get(id)
    assert job is not None
    jobs.store.forget(id)
    unfinished = replace(job, state=State.RUNNING, finished_us=None, answered=0, problems=0)
    assert jobs.store.add(unfinished, 99, 99)
    return id, said


@pytest.mark.parametrize("torn", [b"", b'{"item":12,"answer":{"wal', b"\0" * 50, b"\n"])
def test_a_job_goes_on_at_the_item_where_it_was_killed(
    world: World, tmp_path: Path, torn: bytes
) -> None:
    with started(world, tmp_path) as client:
        id, said = half_done(client, torn)
        first = (jobs_of(client).place(id) / RESULT).read_bytes()
    with started(world, tmp_path) as client:
        done = ended(client, id)
        assert (done["state"], done["answered"], done["problems"]) == ("done", 32, 1)
        whole = (jobs_of(client).place(id) / RESULT).read_bytes()
        assert whole.startswith(first.removesuffix(torn))  # what was answered stays as it was
        again = lines(client, id)
        assert [line["item"] for line in again] == list(range(32))
        assert [plain(line.get("answer", {})) for line in again] == [
            plain(line.get("answer", {})) for line in said
        ]


def test_a_job_is_cancelled_and_let_go(world: World, tmp_path: Path) -> None:
    with started(world, tmp_path) as client:
        long = sent(client, ndjson(*WALLETS * 400))
        waiting = sent(client, ndjson("w1"))
        assert client.get(f"/v1/jobs/{long['id']}/result").status_code == 409
        assert client.post(f"/v1/jobs/{waiting['id']}/cancel").json()["state"] == "cancelled"
        while client.get(f"/v1/jobs/{long['id']}").json()["answered"] == 0:
            time.sleep(0.01)
        cancelled = client.post(f"/v1/jobs/{long['id']}/cancel").json()
        assert cancelled["state"] == "cancelled"
        after = sent(client, ndjson("w2"))
        assert ended(client, after["id"])["state"] == "done"  # the worker went on to the next
        told = client.get(f"/v1/jobs/{long['id']}").json()
        assert 0 < told["answered"] < told["total"]
        assert len(lines(client, long["id"])) == told["answered"]
        assert lines(client, waiting["id"]) == []
        folder = jobs_of(client).place(long["id"])
        assert client.delete(f"/v1/jobs/{long['id']}").json()["state"] == "cancelled"
        assert client.get(f"/v1/jobs/{long['id']}").status_code == 404
        assert not folder.exists()


def test_a_bounded_number_waits(world: World, tmp_path: Path) -> None:
    with started(world, tmp_path) as client:
        told = [sent(client, ndjson(*WALLETS * 400)) for _ in range(MAX_OF_ONE + 1)]
        assert [one["state"] for one in told[:-1]] == ["waiting"] * MAX_OF_ONE
        assert told[-1]["status"] == 503
        assert f"{MAX_OF_ONE} of one caller" in told[-1]["detail"]
        for one in told[:-1]:
            client.delete(f"/v1/jobs/{one['id']}")


def test_what_ended_long_ago_and_what_nobody_has_goes(world: World, tmp_path: Path) -> None:
    with started(world, tmp_path) as client:
        old = sent(client, ndjson("w1"))["id"]
        ended(client, old)
        jobs = jobs_of(client)
        (jobs.folder / ("5" * 32)).mkdir()  # left by a crash
        (jobs.folder / "of somebody else").mkdir()
    with started(world, tmp_path, keep_jobs_s=1e-3) as client:
        for _ in range(500):
            if len([*jobs.folder.iterdir()]) == 1:
                break
            time.sleep(0.01)
        assert [place.name for place in jobs.folder.iterdir()] == ["of somebody else"]
        assert client.get(f"/v1/jobs/{old}").status_code == 404


def test_callers_see_their_own_jobs(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    callers = {name: Caller(name, frozenset([Scope.SCORE])) for name in ("ann", "bob")}
    callers["boss"] = Caller("boss", frozenset([Scope.SCORE, Scope.ADMIN]))
    now = [callers["ann"]]
    for module in ("serving.routes.jobs", "serving.access.caller"):
        monkeypatch.setattr(f"{module}.caller", lambda request: now[0])
    own = sent(client, ndjson("w1"))
    assert own["owner"] == "ann"
    for name, status in (("ann", 200), ("bob", 404), ("boss", 200)):
        now[0] = callers[name]
        listed = [one["id"] for one in client.get("/v1/jobs").json()["jobs"]]
        assert (own["id"] in listed) == (status == 200)
        assert client.get(f"/v1/jobs/{own['id']}").status_code == status
    now[0] = callers["bob"]
    assert client.delete(f"/v1/jobs/{own['id']}").status_code == 404
    assert client.post(f"/v1/jobs/{own['id']}/cancel").status_code == 404
    assert client.get(f"/v1/jobs/{own['id']}/result").status_code == 404
