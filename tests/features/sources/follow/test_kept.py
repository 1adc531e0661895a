"""Labels and clusters beside a followed ledger are those of the chain's blocks."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest

from features import SourceError
from features.clusters import Clusters
from features.sources.bitcoin.collected import Collected, Spent
from features.sources.bitcoin.node import _by_block
from features.sources.follow.chain import Block, Chain
from features.sources.follow.follower import Follower
from features.sources.follow.kept import KeptClusters, KeptLabels
from features.sources.follow.state import StateFile
from features.sources.follow.targets import Changed, Folder
from tests import coins

POOL = 1_000_000
LATE = 2**60


def pair(letter: str) -> tuple[Sequence[coins.Coin], Sequence[coins.Coin]]:
    """Two addresses of a block pay together."""
    return [(f"{letter}1", 3), (f"{letter}2", 3)], [("shop", 5)]


def mix(letter: str) -> tuple[Sequence[coins.Coin], Sequence[coins.Coin]]:
    """A round of Whirlpool in a block."""
    return (
        [(f"{letter}in{n}", POOL + 500 * (n < 2)) for n in range(5)],
        [(f"{letter}out{n}", POOL) for n in range(5)],
    )


def chain(letters: str) -> Chain:
    """A chain of a block a letter: a common payment in each, and a mix in those in capitals."""

    def hash_at(number: int) -> str:
        return letters[: number + 1]

    def blocks(first: int, last: int) -> Iterator[Block]:
        found = Collected()
        for number in range(first, last + 1):
            letter = letters[number]
            for name, made in (("pair", pair), ("mix", mix))[: 1 + letter.isupper()]:
                sides = [[Spent(*coin) for coin in side] for side in made(letter)]
                txid = f"{name} {letters[: number + 1]}"
                found.add(txid, coins.TIME + number, number, *sides)
        heights = range(first, last + 1)
        yield from _by_block(found, [(n, hash_at(n), letters[:n]) for n in heights])

    return Chain("made", lambda: len(letters) - 1, hash_at, blocks)


Make = Callable[[str], Follower]


@pytest.fixture
def follow(tmp_path: Path) -> Make:
    def made(letters: str, *, labels: str = "mixes.csv") -> Follower:
        return Follower(
            chain(letters),
            Folder(tmp_path / "ledger"),
            StateFile(tmp_path / "state.json"),
            first=0,
            kept=[KeptLabels(tmp_path / labels), KeptClusters(tmp_path / "clusters.arrow")],
        )

    return made


def held(folder: Path) -> tuple[list[str], list[list[str]]]:
    """Labelled wallets, and the clusters of the first address of each block that ever was."""
    clusters = Clusters.open(folder / "clusters.arrow")
    together = [clusters.members(f"{letter}1", LATE) for letter in "aBcXyZ"]
    labels = pd.read_csv(folder / "mixes.csv")
    assert (labels["category"] == "mixer").all()
    return sorted(labels["wallet"]), [found for found in together if len(found) > 1]


def test_labels_and_clusters_follow_a_reorganisation(follow: Make, tmp_path: Path) -> None:
    follow("aBc").catch_up()
    assert held(tmp_path) == (["tx:mix aB"], [["a1", "a2"], ["B1", "B2"], ["c1", "c2"]])
    follow("aXyZ").catch_up()
    assert held(tmp_path) == (
        ["tx:mix aX", "tx:mix aXyZ"],
        [["a1", "a2"], ["X1", "X2"], ["y1", "y2"], ["Z1", "Z2"]],
    )
    follow("aX").catch_up()
    follow("ac").catch_up()
    assert held(tmp_path) == ([], [["a1", "a2"], ["c1", "c2"]])


def test_a_crash_between_them_and_the_ledger_is_made_good(
    follow: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow("a").catch_up()

    def dies(*_: object) -> Changed:
        raise KeyboardInterrupt

    ahead = follow("aBc")
    with monkeypatch.context() as context:
        context.setattr(Folder, "change", dies)
        with pytest.raises(KeyboardInterrupt):
            ahead.catch_up()
    assert held(tmp_path)[0] == ["tx:mix aB"]  # of blocks that the ledger never took
    follow("aXy").catch_up()
    assert held(tmp_path) == (["tx:mix aX"], [["a1", "a2"], ["X1", "X2"], ["y1", "y2"]])


def test_files_that_would_miss_blocks_are_refused(follow: Make, tmp_path: Path) -> None:
    follow("aB").catch_up()
    with pytest.raises(SourceError, match=r"is labels mixes\.csv, clusters clusters\.arrow, named"):
        follow("aBc", labels="others.csv")  # type: ignore[call-arg]
    (tmp_path / "clusters.arrow").unlink()
    with pytest.raises(SourceError, match=r"clusters\.arrow is gone, and the blocks read so far"):
        follow("aBc")


def test_clusters_of_files_stay(follow: Make, tmp_path: Path) -> None:
    kept = KeptClusters(tmp_path / "clusters.arrow")
    kept.begin(anew=True)
    kept.change([], list(chain("q").blocks(0, 0)))
    follow("a").catch_up()
    clusters = Clusters.open(tmp_path / "clusters.arrow")
    assert clusters.members("q1", LATE) == ["q1", "q2"]
    assert clusters.members("a1", LATE) == ["a1", "a2"]
