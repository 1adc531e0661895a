"""What opening takes on trust, verifying checks: every way in which a ledger can disagree."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from features import Ledger, LedgerError
from features.ledger import disk
from features.ledger.verify import steps, verify
from tests.ledger_folder import contents, generation, one_line, reseal, rewrite
from tests.strategies import World, transfers, worlds

# two of one timestamp, one transaction of two transfers
ROWS = [(0, "a", "b", 1.0), (10, "b", "c", 2.0), (10, "b", "a", 3.0), (20, "b", "a", 3.0)]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    frame = transfers(ROWS).assign(tx_id=["t0", "t1", "t2", "t2"], position=[0, 0, 0, 1])
    Ledger.from_transfers(frame).save(tmp_path / "ledger")
    return tmp_path / "ledger"


def test_a_whole_ledger_is_said_to_be_whole(saved: Path) -> None:
    before, done = contents(saved), list[int]()
    found = verify(saved, done.append)
    assert sum(done) == steps(saved)
    assert (
        found.text() == f"{saved}: whole; 4 transfers of 3 wallets, 40 files as they were written"
    )
    assert found.facts()["transfers"] == 4
    assert contents(saved) == before


@given(worlds())
@settings(max_examples=20)
def test_every_ledger_that_is_saved_is_whole(
    tmp_path_factory: pytest.TempPathFactory, world: World
) -> None:
    directory = tmp_path_factory.mktemp("ledger")
    ledger = world.ledger()
    ledger.save(directory)
    assert verify(directory).transfers == ledger.n_transfers
    again = Ledger.open(directory)
    again.append(transfers([(5, "a", "new", 1.0)], prefix="more"))
    again.retract(["more0"])
    again.save(directory)
    assert verify(directory).transfers == ledger.n_transfers


def swapped(array: Any, one: int, other: int) -> Any:
    array[[one, other]] = array[[other, one]]
    return array


def added(array: Any, place: int, what: int) -> Any:
    array[place] += what
    return array


SAID: list[tuple[str, Callable[[Any], Any], str]] = [
    ("incoming.time", lambda array: added(array, 3, 1), "incoming: a transfer is not the same"),
    ("incoming.amount", lambda array: array * 2, "incoming: a transfer is not the same"),
    ("outgoing.counterparty", lambda array: array[::-1].copy(), "not the same on both sides"),
    ("outgoing.transfer", np.zeros_like, "outgoing: a row stands there twice"),
    ("incoming.transfer", np.zeros_like, "incoming: a row stands there twice"),
    ("sender", lambda array: (array + 1) % 3, "outgoing: the sender of a row is not that"),
    ("position", lambda array: array - 2, "position: one is below 0"),
    ("position", lambda array: array[::-1].copy(), "tx_ids: they are not in the order"),
    ("position", lambda array: array * 0, "tx_ids: one stands there twice"),
    ("wallet_hash", lambda array: array ^ np.uint64(1), "wallets: a text does not have the hash"),
    ("tx_hash", lambda array: swapped(array, 0, 3), "tx_ids: a text does not have the hash"),
]


@pytest.mark.parametrize(("name", "change", "said"), SAID)
def test_what_disagrees_is_told_even_where_checksums_fit(
    saved: Path, name: str, change: Callable[[Any], Any], said: str
) -> None:
    path = generation(saved) / f"{name}.npy"
    np.save(path, change(np.load(path)))
    reseal(saved)
    Ledger.open(saved)  # kernels may trust it
    with pytest.raises(LedgerError, match=said, check=one_line):
        verify(saved)


def test_transfers_of_one_timestamp_have_one_order(saved: Path) -> None:
    folder = generation(saved)
    code = Ledger.open(saved).code("b")
    at = int(np.load(folder / "outgoing.start.npy")[code])
    for name in ("counterparty", "transfer", "amount"):
        path = folder / f"outgoing.{name}.npy"
        np.save(path, swapped(np.load(path), at, at + 1))
    reseal(saved)
    with pytest.raises(LedgerError, match="not in the order of their ids", check=one_line):
        verify(saved)


@pytest.mark.parametrize("file", ["wallets.arrow", "tx_ids.arrow"])
@pytest.mark.parametrize("text", [b"ab\xff", b"aab", b"aaa"])
def test_texts_are_valid_and_have_their_hashes(saved: Path, file: str, text: bytes) -> None:
    n = 3 if file == "wallets.arrow" else 4
    buffers = np.arange(n + 1).tobytes(), text.ljust(n, b"t")
    array: Any = pa.Array.from_buffers(
        pa.large_string(), n, [None, *(pa.py_buffer(one) for one in buffers)]
    )
    disk._write_text(generation(saved) / file, array)
    reseal(saved)
    said = rf"{file.partition('.')[0]}: (no valid|a text)"
    with pytest.raises(LedgerError, match=said, check=one_line):
        verify(saved)


def test_the_latest_time_is_that_of_the_manifest(saved: Path) -> None:
    rewrite(saved, last_time_us=5)
    with pytest.raises(LedgerError, match="the manifest says 5", check=one_line):
        verify(saved)
