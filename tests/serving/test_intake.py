"""New transfers: on disk before they are in memory, and all or none."""

import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from features import ConflictError, RiskError, TransfersError
from serving.corrections import Corrections, bring_up
from serving.intake import Intake
from serving.journal import Journal, JournalError
from serving.ledger_settings import Bands
from serving.schemas.requests import Transfer, TransfersRequest
from serving.schemas.values import microseconds
from serving.scoring.scorer import Scorer
from tests.serving.conftest import World, transfer


def read(*transfers: dict[str, Any]) -> list[Transfer]:
    return TransfersRequest.model_validate({"transfers": list(transfers)}).transfers


class Shop:
    """Scorer, journal and intake over one world."""

    def __init__(self, world: World, folder: Path) -> None:
        ledger, model, labels = world.open()
        self.scorer = Scorer(ledger, model, labels=labels, bands=Bands())
        self.journal = Journal(f"sqlite:///{folder / 'journal.sqlite'}")
        self.replayed = bring_up(self.journal, ledger, self.scorer.held)
        self.intake = Intake(self.scorer.held, self.journal, max_ahead_s=7_200)
        self.corrections = Corrections(self.scorer.held, self.journal, self.intake)


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Any:
    opened = Shop(world, tmp_path)
    yield opened
    opened.journal.close()


def test_copies_are_counted(shop: Shop) -> None:
    first = shop.intake.add(read(transfer(1), transfer(2), transfer(1)))
    assert (first.added, first.duplicates, first.journal_seq) == (2, 1, 2)
    again = shop.intake.add(read(transfer(2), transfer(3), transfer(3, position=1)))
    assert (again.added, again.duplicates, again.journal_seq) == (2, 1, 4)
    none = shop.intake.add(read(transfer(1)))
    assert (none.added, none.duplicates, none.journal_seq) == (0, 1, 4)
    assert shop.scorer.held.ledger.n_transfers == 904


def test_a_contradiction_adds_nothing(shop: Shop) -> None:
    shop.intake.add(read(transfer(1)))
    with pytest.raises(ConflictError, match=r"'new1', 0\) .* amount 1\.5 .* amount 2\.0"):
        shop.intake.add(read(transfer(2), transfer(1, amount=2)))
    with pytest.raises(TransfersError, match="repeats with other content"):
        shop.intake.add(read(transfer(2), transfer(2, amount=2)))
    with pytest.raises(RiskError, match="the ledger holds 'ETH'"):
        shop.intake.add(read(transfer(3, asset="BTC")))
    assert shop.journal.last_seq == 1
    assert shop.scorer.held.ledger.n_transfers == 901


def test_few_and_many_transfers_leave_the_same_ledger_and_journal(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = [
        [transfer(3), transfer(1, sender="new"), transfer(3)],
        [transfer(1, sender="new"), transfer(2, timestamp="2024-01-01T00:00:00+01:00")],
        [transfer(4, sender="w\u00e4hrung", amount="0.1"), transfer(5, amount="1e-18")],
    ]
    seen = []
    for quick in (64, 0):
        monkeypatch.setattr("serving.intake.QUICK_TRANSFERS", quick)
        (tmp_path / str(quick)).mkdir()
        shop = Shop(world, tmp_path / str(quick))
        added = [shop.intake.add(read(*batch)) for batch in batches]
        rows = pa.Table.from_batches(shop.journal.replay())
        ledger = shop.scorer.held.ledger
        names = [ledger.wallet(code) for code in ledger.sender[900 : ledger.n_transfers]]
        scores = [shop.scorer.score(name, 2**51) for name in ("new", "w1", "w\u00e4hrung")]
        seen.append((added, rows.to_pydict(), names, scores))
        shop.journal.close()
    assert seen[0] == seen[1]


def test_a_few_transfers_are_all_or_none(shop: Shop) -> None:
    known = transfer(1) | {"tx_id": shop.scorer.held.ledger.tx_id(0)}
    with pytest.raises(ConflictError):
        shop.intake.add(read(transfer(2), transfer(2, position=1), known))
    assert shop.journal.last_seq == 0
    assert shop.scorer.held.ledger.n_transfers == 900


def test_replay_restores_the_ledger(world: World, tmp_path: Path) -> None:
    shop = Shop(world, tmp_path)
    batch = [transfer(number, amount=number / 7, recipient=f"x{number}") for number in range(50)]
    shop.intake.add(read(*batch))
    as_of = microseconds(pd.Timestamp("2025-01-01", tz="UTC"))
    before = [shop.scorer.score(wallet, as_of) for wallet in ("w1", "x3", "x49")]
    shop.journal.close()
    again = Shop(world, tmp_path)
    assert again.replayed == 50
    assert [again.scorer.score(wallet, as_of) for wallet in ("w1", "x3", "x49")] == before
    again.journal.close()


def test_a_journal_that_refuses_leaves_the_ledger_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: pd.DataFrame) -> int:
        raise JournalError("the journal did not take the transfers: disk is full")

    monkeypatch.setattr(shop.journal, "append", full)
    with pytest.raises(JournalError, match="disk is full"):
        shop.intake.add(read(transfer(1)))
    assert shop.scorer.held.ledger.n_transfers == 900
    shop.intake.check()


def test_memory_that_falls_behind_the_journal_stops_the_service(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: pd.DataFrame) -> int:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(shop.scorer.held, "insert", full)
        with pytest.raises(MemoryError):
            shop.intake.add(read(transfer(1)))
    for action in (shop.intake.check, lambda: shop.intake.add(read(transfer(2)))):
        with pytest.raises(JournalError, match="a restart replays them"):
            action()


def test_writers_wait_for_each_other(shop: Shop) -> None:
    def add(first: int) -> None:
        for number in range(first, first + 40, 4):
            shop.intake.add(read(*(transfer(one) for one in range(number, number + 4))))

    writers = [threading.Thread(target=add, args=(first,)) for first in (0, 0, 20, 40)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert shop.scorer.held.ledger.n_transfers == 980
    assert shop.journal.last_seq == 80
