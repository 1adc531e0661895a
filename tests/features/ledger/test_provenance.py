"""A ledger remembers who it is and what was taken out of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from features import Ledger, LedgerError
from features.ledger.manifest import manifest_text, read_manifest
from features.ledger.provenance import Provenance
from tests.strategies import transfers

BASE = [(0, "a", "b", 1.0), (10, "b", "c", 2.0), (20, "a", "c", 3.0)]


def test_a_ledger_stays_itself_through_changes_and_copies(tmp_path: Path) -> None:
    ledger = Ledger.from_transfers(transfers(BASE))
    ledger.save(tmp_path / "one")
    ledger.provenance.fold("journal", 7)
    ledger.retract(["t1"])
    ledger.save(tmp_path / "one")
    opened = Ledger.open(tmp_path / "one")
    opened.save(tmp_path / "two")
    assert Ledger.open(tmp_path / "two").provenance == opened.provenance == ledger.provenance
    assert opened.provenance.folded == {"journal": 7}
    assert opened.provenance.retracted == ["t1"]
    assert Ledger.from_transfers(transfers(BASE)).provenance.identity != opened.provenance.identity


def test_retractions_are_counted_for_ever() -> None:
    provenance = Provenance(retracted=["a", "b"])
    assert provenance.retracted_since(0) == ["a", "b"]
    assert provenance.retracted_since(1) == ["b"]
    provenance.fold("journal", 3)
    assert (provenance.retractions, provenance.retracted) == (2, [])
    provenance.retracted.append("c")
    assert provenance.retracted_since(2) == ["c"]
    assert provenance.retracted_since(3) == []


@pytest.mark.parametrize(
    "change",
    [{"identity": 5}, {"folded": {"j": "7"}}, {"retracted": [1]}, {"dropped": None}],
)
def test_a_damaged_provenance_is_told(tmp_path: Path, change: dict[str, object]) -> None:
    Ledger.from_transfers(transfers(BASE)).save(tmp_path / "ledger")
    manifest = read_manifest(tmp_path / "ledger")
    changed = manifest._replace(provenance=manifest.provenance | change)
    (tmp_path / "ledger" / "manifest.json").write_text(manifest_text(changed))
    with pytest.raises(LedgerError, match="lacks a valid provenance"):
        Ledger.open(tmp_path / "ledger")


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[3]
    return subprocess.run(command, check=False, cwd=root, capture_output=True, text=True)


def test_the_command_takes_transactions_back(tmp_path: Path) -> None:
    Ledger.from_transfers(transfers(BASE)).save(tmp_path / "ledger")
    command = [sys.executable, "walletrisk.py", "retract", "--ledger", str(tmp_path / "ledger")]
    done = run([*command, "t0", "t2"])
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [f"{tmp_path / 'ledger'}: 2 transfers taken back, 1 left"],
    )
    assert Ledger.open(tmp_path / "ledger").provenance.retracted == ["t0", "t2"]
    again = run([*command, "t0"])
    assert again.returncode == 2
    assert "'t0' is not in the ledger; nothing was retracted" in again.stderr


def test_the_last_retractions_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.ledger.provenance.MOST_RETRACTED", 3)
    provenance = Provenance()
    provenance.retract(f"t{number}" for number in range(5))
    assert provenance.retracted == ["t2", "t3", "t4"]
    assert (provenance.retractions, provenance.retracted_since(4)) == (5, ["t4"])


def test_a_transaction_of_many_positions_is_told_in_order() -> None:
    frame = transfers([(0, "a", "b", 1.0), (5, "c", "d", 2.0)])
    frame["tx_id"] = "t"
    frame["position"] = [1, 0]
    ledger = Ledger.from_transfers(frame)
    assert [(one.position, one.sender) for one in ledger.transaction("t")] == [(0, "c"), (1, "a")]
    assert ledger.transaction("nowhere") == []
