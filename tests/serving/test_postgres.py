"""Journal and records on a real PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from features import Ledger, RiskError, check_transfers
from serving import create_app
from serving.journal import Journal, JournalError
from tests.serving import postgres
from tests.serving.books import Books, amounts, payment
from tests.serving.conftest import TestClient, World, random_transfers, settings, transfer
from tests.serving.postgres import Postgres
from walletrisk import run


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres.running() as started:
        yield started


@pytest.fixture
def url(server: Postgres) -> str:
    return server.database()


@pytest.fixture(scope="module")
def transfers() -> pd.DataFrame:
    return check_transfers(random_transfers(transfers=30))


def test_a_second_writer_is_refused_while_the_first_lives(
    url: str, server: Postgres, transfers: pd.DataFrame
) -> None:
    first = Journal(url)
    with pytest.raises(RiskError, match=r"one process at a time may.*another process writes to it"):
        Journal(url)
    other = Journal(server.database())  # two endpoints, two databases, one server
    assert (first.append(transfers[:2]), other.append(transfers[:3])) == (2, 3)
    first.close()
    other.close()
    again = Journal(url)
    assert again.last_seq == 2
    again.close()


def test_two_schemas_of_one_database_are_two_journals(
    url: str, server: Postgres, transfers: pd.DataFrame
) -> None:
    server.tell(url, "CREATE SCHEMA other")
    first = Journal(url)
    elsewhere = f"{url}&options=-csearch_path%3Dother"
    second = Journal(elsewhere)
    assert (first.append(transfers[:2]), second.append(transfers[:3])) == (2, 3)
    with pytest.raises(RiskError, match="another process writes to it"):
        Journal(elsewhere)
    first.close()
    second.close()


def test_a_lost_session_comes_back(url: str, server: Postgres, transfers: pd.DataFrame) -> None:
    journal = Journal(url)
    journal.append(transfers[:2])
    server.cut(url)
    assert journal.append(transfers[2:5]) == 5
    server.cut(url)
    journal.check()
    with pytest.raises(RiskError, match="another process writes to it"):
        Journal(url)
    journal.close()


def test_what_a_lost_session_may_have_committed_is_sent_again(
    url: str, server: Postgres, transfers: pd.DataFrame
) -> None:
    journal = Journal(url)
    journal.append(transfers[:2])
    losing = [True]

    @sa.event.listens_for(journal._database.engine, "commit")
    def lost(connection: sa.Connection) -> None:
        if losing and losing.pop():
            connection.connection.commit()
            server.cut(url)
            raise sa.exc.OperationalError("COMMIT", None, ConnectionError("no answer came"))

    with pytest.raises(JournalError, match="none was added"):
        journal.append(transfers[2:4])
    assert journal.append(transfers[2:5]) == 5
    journal.close()
    again = Journal(url)
    assert sum(batch.num_rows for batch in again.replay()) == again.last_seq == 5
    again.close()


def test_whoever_wrote_while_a_session_was_lost_is_noticed(
    url: str, server: Postgres, transfers: pd.DataFrame
) -> None:
    journal = Journal(url)
    journal.append(transfers[:2])
    server.cut(url)
    thief = Journal(url)
    with pytest.raises(JournalError, match="another process writes to it"):
        journal.append(transfers[2:3])
    thief.append(transfers[2:4])
    thief.close()
    for _ in range(2):
        with pytest.raises(JournalError, match="another process wrote to it"):
            journal.append(transfers[5:6])
    journal.close()
    again = Journal(url)
    assert again.last_seq == 4
    again.close()


def test_a_server_that_may_lose_what_it_committed_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.journal.postgresql._LOSES", "SELECT 'fsync'")
    with pytest.raises(RiskError, match="fsync = off and may lose"):
        Journal(url)


def test_an_endpoint_on_postgresql(
    url: str, server: Postgres, world: World, tmp_path: Path
) -> None:
    app = create_app(settings(world, tmp_path, journal=url, records=url))
    with TestClient(app) as client:
        post = client.post("/v1/transfers", json={"transfers": [transfer(1, recipient="x")]})
        assert post.json()["added"] == 1
        server.stop()
        away = client.post("/v1/transfers", json={"transfers": [transfer(2, recipient="x")]})
        assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        assert client.get("/readyz").status_code == 503
        assert client.post("/v1/wallets/score", json={"wallet": "x"}).status_code == 200
        server.start()
        post = client.post("/v1/transfers", json={"transfers": [transfer(2, recipient="x")]})
        assert (post.status_code, post.json()["added"]) == (200, 1)
        assert client.get("/readyz").status_code == 200
        said = {"labels": [{"wallet": "x", "label": "illicit"}]}
        for replayed in (None, "true"):
            done = client.post("/v1/labels", json=said, headers={"Idempotency-Key": "k"})
            assert (done.json()["added"], done.headers.get("idempotency-replayed")) == (1, replayed)
        found = {"findings": [{"wallet": "x", "finding": "illicit"}]}
        assert client.post("/v1/feedback", json=found).status_code == 200
        watched = {"wallets": ["x"], "callback": "https://risk.example/"}
        assert client.put("/v1/watch/lists/a", json=watched).json()["created"]
    with TestClient(create_app(settings(world, tmp_path, journal=url, records=url))) as client:
        answer = client.post("/v1/wallets/score", json={"wallet": "x"}).json()
        assert answer["coverage"]["transfers_in"] == 2
        assert len(answer["known"]["entries"]) == 1
        assert client.get("/v1/watch/lists/a").json()["watched"] == 1
        assert client.get("/v1/watch/deliveries?state=waiting").json()["deliveries"] == []


def test_the_commands_of_the_journal(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    books = Books(tmp_path, url=url)
    books.post(payment("t", 5.0), payment("u", 6.0))
    options = ["--ledger", str(books.folder), "--journal", url]
    assert run(["journal", "checkpoint", *options]) == 2
    assert "one process at a time may" in capsys.readouterr().err
    books.journal.close()
    for command in ("contradictions", "checkpoint", "adopt"):
        assert run(["journal", command, *options]) == 0
    assert amounts(Ledger.open(books.folder), ["t", "u"]) == {"t": {0: 5.0}, "u": {0: 6.0}}


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    nowhere = f"postgresql+psycopg://me:secret@/db?host={tmp_path}"
    with pytest.raises(RiskError, match="cannot be opened") as refused:
        Journal(nowhere)
    assert "secret" not in str(refused.value)
    assert sa.make_url(nowhere).password == "secret"
