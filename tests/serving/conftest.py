"""A small ledger, a model trained on it, and an endpoint over both."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features import Ledger, RiskError, feature_table
from serving import Settings, create_app
from serving.answering import Answer, Answering, Question
from training import RiskModel, TrainConfig, out_of_time, train

with warnings.catch_warnings():
    # Starlette prefers httpx2 from version 1 on; httpx is what the other tests use
    warnings.simplefilter("ignore")
    from starlette import testclient


class TestClient(testclient.TestClient):
    """A client on this machine."""

    __test__ = False

    def __init__(self, app: Any, **further: Any) -> None:
        super().__init__(app, **({"client": ("127.0.0.1", 50_000)} | further))


START = pd.Timestamp("2024-01-01", tz="UTC")
LATER = START + pd.Timedelta(250, "D")


@dataclass(frozen=True)
class World:
    """Folders of a ledger, a model and labels, and what is in them."""

    ledger: Path
    model: Path
    labels: Path

    def open(self) -> tuple[Ledger, RiskModel, pd.DataFrame]:
        labels = pd.read_parquet(self.labels)
        return Ledger.open(self.ledger), RiskModel.load(self.model), labels


def random_transfers(*, wallets: int = 60, transfers: int = 900, seed: int = 0) -> pd.DataFrame:
    """Transfers over 300 days; wallets below 20 forward large amounts quickly."""
    generator = np.random.default_rng(seed)
    sender = generator.integers(0, wallets, transfers)
    recipient = (sender + generator.integers(1, wallets, transfers)) % wallets
    seconds = np.sort(generator.integers(0, 300 * 86_400, transfers))
    amount = generator.lognormal(size=transfers) * np.where(sender < 20, 50.0, 1.0)
    return pd.DataFrame(
        {
            "tx_id": [f"t{number}" for number in range(transfers)],
            "position": np.zeros(transfers, dtype=np.int32),
            "timestamp": START + pd.to_timedelta(seconds, unit="s"),
            "sender": [f"w{number}" for number in sender],
            "recipient": [f"w{number}" for number in recipient],
            "amount": amount,
            "asset": "ETH",
        }
    )


def build(
    folder: Path, kind: str, *, columns: Any = "all", fits: int = 5, **parameters: Any
) -> World:
    """Write the folders of a world whose model is of this kind, and knows labels of others."""
    world = World(folder / "ledger", folder / "model", folder / "labels.parquet")
    ledger = Ledger.from_transfers(random_transfers())
    ledger.save(world.ledger)
    wallets = [f"w{number}" for number in range(60)]
    labels = pd.DataFrame(
        {
            "wallet": [*wallets, "newcomer"],
            "label": np.where(np.arange(61) < 20, "illicit", "licit"),
            "known_at": START + pd.Timedelta(40, "D"),
        }
    )
    labels.to_parquet(world.labels)
    days = np.arange(60) * 37 % 300
    spine = pd.DataFrame({"wallet": wallets, "as_of": START + pd.to_timedelta(days, unit="D")})
    table = feature_table(ledger, spine, labels=labels)
    split = out_of_time(
        spine,
        train_until=START + pd.Timedelta(150, "D"),
        calibrate_until=START + pd.Timedelta(230, "D"),
    )
    config = TrainConfig(
        model=kind,
        base_rate=0.02,
        columns=columns,
        folds=fits,
        min_transfers=3,
        parameters=parameters,
    )
    train(table, labels, split, config, ledger=ledger, known=labels).model.save(world.model)
    return world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("trees"), "lightgbm", trees=20, min_leaf_rows=3)


Start = Callable[..., AbstractContextManager[TestClient]]


@pytest.fixture
def start(world: World, tmp_path: Path) -> Start:
    """Start an endpoint over the world; every start in one test uses one journal."""

    @contextmanager
    def started(**changes: Any) -> Iterator[TestClient]:
        with TestClient(create_app(settings(world, tmp_path, **changes))) as client:
            yield client

    return started


@pytest.fixture
def client(start: Start) -> Iterator[TestClient]:
    with ExitStack() as stack:
        yield stack.enter_context(start())


def local(app: Any) -> Any:
    """An application whose requests all come from this machine."""

    async def called(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["client"] = ("127.0.0.1", 50_000)
        await app(scope, receive, send)

    return called


def settings(world: World, folder: Path, **changes: Any) -> Settings:
    given: dict[str, Any] = {
        "ledger": world.ledger,
        "model": world.model,
        "labels": world.labels,
        "hosts": ("testserver",),
        "journal": f"sqlite:///{folder / 'journal.sqlite'}",
        "no_keys": True,
        "records": f"sqlite:///{folder / 'records.sqlite'}",
        # two endpoints over one world have two journals, and two audits
        "audit_folder": folder / ("other audit" if "journal" in changes else "audit"),
    }
    return Settings(**(given | changes))


def transfer(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "tx_id": f"new{number}",
        "timestamp": "2024-12-01T00:00:00Z",
        "sender": "w1",
        "recipient": "w2",
        "amount": "1.5",
        "asset": "ETH",
    } | changes


def answered(client: TestClient, route: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a route answers to a body that it takes."""
    response = client.post(route, json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


@pytest.fixture
def answered_together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the groups of questions that are answered together, as they come."""
    sizes: list[int] = []
    together = Answering.together

    def counted(self: Answering, questions: Sequence[Question]) -> list[Answer | RiskError]:
        sizes.append(len(questions))
        return together(self, questions)

    monkeypatch.setattr(Answering, "together", counted)
    return sizes
