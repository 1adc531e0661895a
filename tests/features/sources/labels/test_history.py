"""When the entries of a list became known, and ended, by the commits of its repository."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import Ledger, feature_table
from features.contracts.labels import labels_as_of
from features.errors import SourceError
from features.sources.labels.history import history
from features.sources.labels.importing import Importing, import_history
from features.views.exposure import EXPOSURE
from tests.strategies import spine, transfers

ROOT = Path(__file__).parents[4]
DATA = Path(os.environ.get("WALLETRISK_DATA", ROOT.parent / "shared" / "data"))
LISTS = DATA / "label_lists"
OFAC = Importing("ofac", "ofac")


def day(number: float) -> pd.Timestamp:
    return pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=number)


class Repository:
    """A repository of one list, a commit a state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, **environment: str) -> None:
        names = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER")
                 for what in ("NAME", "EMAIL")}  # fmt: skip
        subprocess.run(
            ["git", "-C", str(self.folder), *arguments], check=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **names, **environment},
        )  # fmt: skip

    def state(self, at: pd.Timestamp, **files: str | None) -> None:
        """Commit files by name, None for one that goes."""
        for name, text in files.items():
            path = self.folder / f"{name}.csv"
            path.unlink() if text is None else path.write_text(text)
        self.git("add", "-A")
        # an author's date stays when a commit is made again, so that it says nothing
        dates = {"GIT_COMMITTER_DATE": at.isoformat(), "GIT_AUTHOR_DATE": day(-99).isoformat()}
        self.git("commit", "-q", "--allow-empty", "-m", "x", **dates)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def rows(*wallets: str) -> str:
    return "\n".join(["address,name", *(f"{wallet},X" for wallet in wallets)])


def told(repository: Repository) -> list[tuple[str, float, float | None]]:
    labels = import_history(repository.folder, [], OFAC).labels
    found = labels.sort_values(["wallet", "known_at"])
    return [
        (wallet, (known - day(0)).days, None if pd.isna(until) else (until - day(0)).days)
        for wallet, known, until in found[["wallet", "known_at", "until"]].itertuples(index=False)
    ]


def test_an_entry_is_known_from_its_commit_and_ends_with_the_one_without_it(
    repository: Repository,
) -> None:
    repository.state(day(1), data=rows("a", "b"))
    repository.state(day(2), data=rows("a", "b", "c"))
    repository.state(day(3), README="not of the list")
    repository.state(day(4), data=rows("b", "c").replace("X", "other words"))
    repository.state(day(5), data=rows("a", "b", "c"))
    assert told(repository) == [("a", 1, 4), ("a", 5, None), ("b", 1, None), ("c", 2, None)]


def test_a_file_that_goes_ends_what_only_it_said(repository: Repository) -> None:
    repository.state(day(1), data=rows("a"), sanctioned_addresses_ETH="")
    (repository.folder / "sanctioned_addresses_XBT.txt").write_text("x\ny")
    repository.state(day(2), data=rows("a", "b"))
    repository.state(day(3), data=None)
    how = Importing("ofac", "ofac", chain="other")
    labels = import_history(repository.folder, ["data.csv"], how).labels
    assert labels.set_index("wallet")["until"].to_dict() == {"a": day(3), "b": day(3)}


def test_a_version_that_cannot_be_read_leaves_the_one_before(repository: Repository) -> None:
    repository.state(day(1), data=rows("a"))
    repository.state(day(2), data="nonsense")
    repository.state(day(3), data=rows("a", "b"))
    assert told(repository) == [("a", 1, None), ("b", 3, None)]
    found = import_history(repository.folder, [], OFAC).told
    assert found is not None
    assert (found.versions, found.first, found.last) == (2, day(1), day(3))
    assert found.unreadable == {"data.csv": 1}


def test_time_never_goes_back_along_the_history(repository: Repository) -> None:
    repository.state(day(5), data=rows("a"))
    repository.state(day(1), data=rows("a", "b"))
    repository.state(day(1), data=rows("b"))
    # a was there for no time at all
    assert told(repository) == [("b", 5, None)]


def test_a_commit_of_the_future_would_hide_what_follows_and_is_refused(
    repository: Repository,
) -> None:
    repository.state(pd.Timestamp.now("UTC") + pd.Timedelta(days=2), data=rows("a"))
    with pytest.raises(SourceError, match="later than now"):
        import_history(repository.folder, [], OFAC)


def test_what_is_no_repository_or_has_no_such_file_is_refused(
    tmp_path: Path, repository: Repository
) -> None:
    repository.state(day(1), other=rows("a"))
    with pytest.raises(SourceError, match=r"no version has a file named sanctioned.* or data\.csv"):
        import_history(repository.folder, [], OFAC)
    with pytest.raises(SourceError, match="git: "):
        history(tmp_path / "nowhere", ["x"], lambda _: pd.DataFrame())


def test_two_processes_read_any_number_of_versions(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        files: dict[str, str | None] = {f"f {number}": rows(f"w{number}"), "Ümlaut": rows("x")}
        repository.state(day(number), **files)
    started: list[str] = []

    class Counted(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], *given: Any, **named: Any) -> None:
            started.append(command[3])
            super().__init__(command, *given, **named)

    monkeypatch.setattr(subprocess, "Popen", Counted)
    labels = import_history(repository.folder, ["*.csv"], OFAC).labels
    assert sorted(labels["wallet"]) == ["w0", "w1", "w2", "x"]
    assert started == ["log", "cat-file"]


@pytest.mark.skipif(not LISTS.exists(), reason="the lists with their history are not here")
def test_as_of_2024_the_sanction_that_was_lifted_in_2025_is_seen(tmp_path: Path) -> None:
    bundle, clone = LISTS / "ofac_ultrasoundmoney.bundle", tmp_path / "list"
    subprocess.run(["git", "clone", "-q", "-b", "main", str(bundle), str(clone)], check=True)
    labels = import_history(clone, [], OFAC).labels
    assert (len(labels), int(labels["until"].notna().sum())) == (192, 95)
    router = "0xd90e2f925da726b50c4ed8d0fb90ad053324f31b"
    before, after = (pd.Timestamp(text, tz="UTC") for text in ("2024-06-01", "2025-04-01"))
    seen = [set(labels_as_of(labels, at)["wallet"]) for at in (before, after)]
    assert router in seen[0]
    assert router not in seen[1]
    ledger = Ledger.from_transfers(
        transfers([(0, router, "w", 1.0)]).assign(timestamp=before - pd.Timedelta(days=90))
    )
    asked = pd.concat([spine(["w"], before), spine(["w"], after)])
    share = feature_table(ledger, asked, labels=labels, views=(EXPOSURE,))[
        "exposure_sanctioned_direct_in_share"
    ]
    assert share.tolist() == [1.0, 0.0]
