"""A ledger that is built on disk is, to the bit, the one that is built in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from features import Ledger, LedgerError, TransfersError
from features.contracts.received import Received
from features.contracts.transfers import typed_rows
from features.kernel import UInt64s, text_hashes
from features.ledger import names
from features.ledger.external import identity, log, naming
from features.ledger.external.build import Asked, Building
from features.ledger.external.store import Store
from features.ledger.verify import verify
from tests.large_worlds import content, large_world
from tests.strategies import World, asset_worlds, transfers

ASSETS = ("USDT", "ETH", "X")


def take_in(building: Building, frame: pd.DataFrame, pieces: int = 5) -> None:
    """Hand transfers over in pieces; those that were taken in before are passed over."""
    edges = np.linspace(0, len(frame), pieces + 1).astype(int)
    for piece in range(building.done, pieces):
        first, end = edges[piece], edges[piece + 1]
        part = frame.iloc[first:end].reset_index(drop=True)
        typed = typed_rows(Received(part, "transfers", TransfersError))
        if len(typed):
            building.take(typed, np.arange(first, end))
        building.note(piece + 1, {}, last=piece + 1 == pieces)


def built(folder: Path, frame: pd.DataFrame, asked: Asked, bits: int = 2) -> Path:
    """Build on disk; goes on where a build in the same folder was cut off."""
    building = Building(folder / "building", {"what": "a test"}, bits)
    if not building.read:
        take_in(building, frame)
    building.finish(folder / "large", asked)
    return folder / "large"


def in_memory(folder: Path, frame: pd.DataFrame, unit: str | None) -> Path:
    Ledger.from_transfers(frame, chain="simulation", unit=unit).save(folder / "small")
    return folder / "small"


@pytest.mark.parametrize("bits", [0, 3])
@pytest.mark.parametrize(("assets", "unit"), [(("ETH",), None), (("ETH",), "ETH"), (ASSETS, "ETH")])
def test_same_bits(tmp_path: Path, assets: Sequence[str], unit: str | None, bits: int) -> None:
    frame = large_world(1500, 300, bits, assets)
    if len(assets) > 1:
        frame.loc[frame["asset"] == "ETH", "value"] = np.nan
    large = built(tmp_path, frame, Asked("simulation", unit), bits)
    assert content(large) == content(in_memory(tmp_path, frame, unit))
    assert Ledger.open(large).scales.used > 0
    assert Ledger.open(large).dust.used > 0
    verify(large)


@given(asset_worlds())
@settings(max_examples=5)
def test_same_bits_of_any_world(tmp_path_factory: pytest.TempPathFactory, world: World) -> None:
    if not len(world.transfers):
        return
    folder = tmp_path_factory.mktemp("ledger")
    large = built(folder, world.transfers, Asked("simulation", "USD"), bits=1)
    assert content(large) == content(in_memory(folder, world.transfers, "USD"))


def test_two_wallets_of_one_hash_stay_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def coarse(text: Any) -> UInt64s:
        return text_hashes(text) >> np.uint64(60) << np.uint64(60)

    for module in (names, identity):
        monkeypatch.setattr(module, "text_hashes", coarse)
    frame = large_world(600, 300, 5)
    assert content(built(tmp_path, frame, Asked("simulation"))) == content(
        in_memory(tmp_path, frame, None)
    )


class Killed(BaseException):
    """What a process does not survive."""


@pytest.mark.parametrize("after", [2, 4, 6, 7, 10, 14, 18, 22])
@pytest.mark.parametrize("noted", [True, False])
def test_a_build_that_was_cut_off_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, noted: bool
) -> None:
    frame = large_world(400, 60, 7, ASSETS)
    commit, left = Store.commit, [after]

    def dies(store: Store, *args: Any) -> None:
        left[0] -= 1
        if not left[0]:
            if noted:
                commit(store, *args)
            (store.folder / "stray").touch()
            raise Killed
        commit(store, *args)

    monkeypatch.setattr(Store, "commit", dies)
    asked = Asked("simulation", "USD")
    with pytest.raises(Killed):
        built(tmp_path, frame, asked)
    monkeypatch.setattr(Store, "commit", commit)
    assert not (tmp_path / "large").exists()
    assert content(built(tmp_path, frame, asked)) == content(in_memory(tmp_path, frame, "USD"))


def test_what_was_begun_is_not_gone_on_with_for_something_else(tmp_path: Path) -> None:
    take_in(Building(tmp_path, {"files": [1], "chain": "a"}, 1), large_world(40, 9, 0))
    with pytest.raises(LedgerError, match="cut off, of other chain; give the same again"):
        Building(tmp_path, {"files": [1], "chain": "b"}, 1)
    (tmp_path / "journal.json").write_text("{")
    with pytest.raises(LedgerError, match="is no build of this release"):
        Building(tmp_path, {}, 1)
    (tmp_path / "journal.json").unlink()
    with pytest.raises(LedgerError, match="is in the way"):
        Building(tmp_path, {}, 1)


def test_a_transfer_that_comes_again_with_other_content(tmp_path: Path) -> None:
    frame = transfers([(0, "a", "b", 1.0), (1, "b", "c", 2.0), (0, "a", "b", 3.0)])
    frame["tx_id"] = ["t", "u", "t"]
    with pytest.raises(TransfersError, match=r"\('t', 0\) is in row 0 with amount 1.0, here 3.0"):
        built(tmp_path / "one", frame, Asked(columns=[*frame.columns]))
    bad: list[pd.DataFrame] = []
    asked = Asked(on_error="quarantine", columns=[*frame.columns], set_aside=bad.append)
    large = built(tmp_path / "two", frame, asked)
    assert Ledger.open(large).n_transfers == 2
    assert [*bad[0].index] == [2]
    assert [*bad[0].columns] == [*frame.columns, "reason"]


def test_an_asset_of_a_contradiction_alone_is_none(tmp_path: Path) -> None:
    frame = transfers([(0, "a", "b", 1.0), (0, "a", "b", 1.0)]).assign(
        tx_id="t", asset=["ETH", "BTC"]
    )
    large = built(tmp_path, frame, Asked(on_error="quarantine", columns=[*frame.columns]))
    assert Ledger.open(large).unit == "ETH"


def test_what_no_ledger_can_number_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = transfers([(0, "a", "b", 1.0), (1, "b", "c", 2.0)])
    monkeypatch.setattr(log, "MOST_TRANSFERS", 1)
    with pytest.raises(LedgerError, match="more than 1 transfers; a ledger cannot number them"):
        built(tmp_path / "one", frame, Asked())
    monkeypatch.setattr(naming, "MOST_WALLETS", 2)
    with pytest.raises(LedgerError, match="more than 2 wallets"):
        built(tmp_path / "two", frame, Asked())


def test_amounts_of_several_assets_do_not_add(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="more than one asset do not add"):
        built(tmp_path, large_world(50, 9, 0, ASSETS).drop(columns="value"), Asked())


def test_a_disk_without_second_names_gets_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("features.ledger.external.build.os.link", refused)
    frame = large_world(60, 9, 1)
    assert content(built(tmp_path, frame, Asked("simulation"))) == content(
        in_memory(tmp_path, frame, None)
    )
