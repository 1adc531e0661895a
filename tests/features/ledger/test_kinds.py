"""Kinds of wallets: grown, saved, told of folders of before."""

import json
from pathlib import Path

import numpy as np
import pytest

from features import Ledger, LedgerError
from features.contracts.wallet_kinds import OTHER, PSEUDO
from features.ledger.manifest import _own_checksum
from features.ledger.verify import verify
from tests.ledger_folder import generation, reseal
from tests.strategies import transfers

MOVES = [(0.0, "a", "tx:1", 1.0), (0.0, "tx:1", "b", 1.0)]


def kinds_of(ledger: Ledger) -> dict[str, int]:
    return {ledger.wallet(code): int(ledger.kinds.kind[code]) for code in range(ledger.n_wallets)}


def test_new_wallets_get_their_kinds() -> None:
    ledger = Ledger.from_transfers(transfers(MOVES[:1]))
    for number in range(40):
        more = [(1.0 + number, f"w{number}", f"tx:w{number}", 1.0)]
        ledger.append(transfers(more, prefix=f"more{number}-"))
    assert len(kinds_of(ledger)) == 82
    for name, kind in kinds_of(ledger).items():
        assert kind == (PSEUDO if name.startswith("tx:") else OTHER)
    assert ledger.kinds.used == ledger.n_wallets


def test_kinds_are_saved(tmp_path: Path) -> None:
    ledger = Ledger.from_transfers(transfers(MOVES))
    ledger.append(transfers([(2.0, "b", "tx:2", 1.0)], prefix="more"))
    ledger.save(tmp_path)
    again = Ledger.open(tmp_path)
    assert kinds_of(again) == kinds_of(ledger) == {"a": 0, "b": 0, "tx:1": 1, "tx:2": 1}
    assert isinstance(again.kinds.kind.base, np.memmap)


def test_a_folder_of_before_has_kinds_from_the_names(tmp_path: Path) -> None:
    ledger = Ledger.from_transfers(transfers(MOVES))
    ledger.save(tmp_path)
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in [name for name in manifest["bytes"] if name.startswith(("unpriced.", "kind"))]:
        (generation(tmp_path) / name).unlink()
        for listed in ("bytes", "crc32"):
            del manifest[listed][name]
    del manifest["checksum"]
    manifest["format_version"] = 4
    path.write_text(json.dumps(manifest | {"checksum": _own_checksum(manifest)}))
    assert kinds_of(Ledger.open(tmp_path)) == kinds_of(ledger)
    assert verify(tmp_path).transfers == 2


@pytest.mark.parametrize(("kind", "said"), [(9, "of a kind that there is not"), (2, "its name")])
def test_another_kind_than_the_name_says_is_told(tmp_path: Path, kind: int, said: str) -> None:
    Ledger.from_transfers(transfers(MOVES)).save(tmp_path)
    path = generation(tmp_path) / "kind.npy"
    kinds = np.load(path)
    kinds[0] = kind
    np.save(path, kinds)
    reseal(tmp_path)
    with pytest.raises(LedgerError, match=said):
        verify(tmp_path)
