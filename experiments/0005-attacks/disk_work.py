"""Child process: one attack on a ledger's folder, its figures as lines of JSON.

It imports nothing of this repository but `features`, so that PYTHONPATH may name another release.
"""

import argparse
import hashlib
import json
import resource
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features import Ledger, RiskError, Transfer, feature_table
from features.past import NO_LABELS
from features.past.growing_labels import GrowingLabels
from features.sources.formats import Source
from features.sources.ingest import put_away
from features.table import compute_rows
from features.views import VIEWS

Figures = dict[str, Any]
START = pd.Timestamp("2024-01-01", tz="UTC")
SLOT_FACTOR, SLOT_SHIFT, SLOTS = 0x9E3779B1, 8, 1 << 15  # where a search began in every table


def transfers(
    sender: list[str], recipient: list[str], second: "np.typing.ArrayLike", prefix: str
) -> pd.DataFrame:
    """A frame of transfers of one unit each."""
    when = START + pd.to_timedelta(np.asarray(second), unit="s")
    ids = [f"{prefix}{row}" for row in range(len(sender))]
    return pd.DataFrame(
        {
            "tx_id": ids, "timestamp": when, "sender": sender, "recipient": recipient,
            "amount": 1.0, "asset": "ETH",
        }
    )  # fmt: skip


def small(n: int, wallets: int, seed: int, prefix: str = "t") -> pd.DataFrame:
    """Random transfers."""
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, wallets, (2, n))
    names = [[f"w{one}" for one in row] for row in ends.tolist()]
    frame = transfers(names[0], names[1], np.sort(rng.integers(0, 10**6, n)), prefix)
    return frame.assign(amount=rng.lognormal(0, 2, n))


def milliseconds(
    work: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> float:
    begin = clock()
    work()
    return (clock() - begin) * 1e3


def busy(work: Callable[[], object]) -> float:
    """Milliseconds of work of one thread, whatever else the machine does."""
    return milliseconds(work, time.thread_time)


def say(figures: Figures) -> None:
    print(json.dumps(figures), flush=True)


def make(arguments: argparse.Namespace) -> None:
    """A small ledger."""
    Ledger.from_transfers(small(arguments.n, 60, 1)).save(arguments.ledger)
    say({})


def ingest(arguments: argparse.Namespace) -> None:
    """Wait for a line, then ingest, while others do."""
    frame = small(arguments.n, 60, arguments.seed, prefix=f"w{arguments.seed}-")
    say({"ready": True})
    sys.stdin.readline()
    try:
        put_away(Source(frame), arguments.ledger)
    except Exception as error:  # noqa: BLE001 - what a user would see
        say({"added": 0, "error": f"{type(error).__name__}: {error}"[:200]})
    else:
        say({"added": len(frame)})


def count(arguments: argparse.Namespace) -> None:
    """How many transfers a ledger holds; -1 if it cannot be opened."""
    try:
        say({"held": Ledger.open(arguments.ledger).n_transfers})
    except Exception as error:  # noqa: BLE001
        say({"held": -1, "error": str(error)[:200]})


def write(arguments: argparse.Namespace) -> None:
    """Save again and again."""
    for turn in range(arguments.n):
        ledger = Ledger.open(arguments.ledger)
        ledger.append(small(1, 60, turn, prefix=f"turn{turn}-"))
        ledger.save(arguments.ledger)
    say({"saves": arguments.n})


def read(arguments: argparse.Namespace) -> None:
    """Open again and again until the writer is done."""
    opens, failed = 0, 0
    while not arguments.until.exists():
        opens += 1
        try:
            Ledger.open(arguments.ledger)
        except Exception:  # noqa: BLE001
            failed += 1
    say({"opens": opens, "failed": failed})


def grow(arguments: argparse.Namespace) -> None:
    """Append and save where there is no room for it."""
    ledger = Ledger.open(arguments.ledger)
    ledger.append(small(arguments.n, arguments.n, 7, prefix="more"))
    if arguments.bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (arguments.bytes, resource.RLIM_INFINITY))
    said = {"refused": 0, "raised": "nothing"}
    try:
        ledger.save(arguments.ledger)
    except RiskError as error:
        said = {"refused": 1, "raised": str(error)}
    except OSError as error:
        said = {"refused": 0, "raised": f"traceback of {error!r}"}
    folders = sum(path.is_dir() for path in arguments.ledger.iterdir())
    say({**said, "folders": folders})


def tamper(arguments: argparse.Namespace) -> None:
    """Change a ledger in many ways, one after the other, and say what becomes of each."""
    whole = _digest(arguments.ledger)
    for number in range(arguments.first, arguments.n):
        copy = arguments.ledger.with_name("tampered")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(arguments.ledger, copy)
        say({"number": number})
        what = _change(copy, np.random.default_rng([arguments.seed, number]))
        if arguments.sealed:
            _reseal(copy)
        say({"number": number, "what": what, "outcome": _outcome(copy, whole)})


def _outcome(copy: Path, whole: str) -> str:
    """What an open, a table and a verification make of a ledger."""
    try:
        found = _digest(copy)
    except RiskError as error:
        return "refused" if "\n" not in str(error) else "refused in several lines"
    except Exception as error:  # noqa: BLE001
        return f"traceback {type(error).__name__}"
    try:
        from features.ledger.verify import verify

        verify(copy)
    except ImportError:
        pass
    except RiskError:
        return "found by verify"
    return "harmless" if found == whole else "other scores"


def _digest(directory: Path) -> str:
    ledger = Ledger.open(directory)
    names = list(map(str, ledger.wallets.all_text().to_pylist()))
    known = [f"w{number}" for number in range(60)]
    spine = pd.DataFrame({"wallet": known, "as_of": START + pd.Timedelta(400, "D")})
    table = feature_table(ledger, spine)
    facts = [sorted(names), ledger.unit, ledger.n_transfers, str(ledger.last_timestamp)]
    return hashlib.sha256(table.to_numpy().tobytes() + repr(facts).encode()).hexdigest()


def _change(directory: Path, rng: np.random.Generator) -> str:
    """Change one thing in a folder without changing a length."""
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.stat().st_size)
    manifest = directory / "manifest.json"
    path = manifest if rng.random() < 0.1 else files[rng.integers(len(files))]
    content = bytearray(path.read_bytes())
    kind = rng.integers(5)
    header = min(128, len(content))
    at = int(rng.integers(header if kind == 0 else len(content)))
    if kind < 2:  # a bit, of the header or anywhere
        content[at] ^= 1 << rng.integers(8)
    elif kind == 2:  # a byte
        content[at] = rng.integers(256)
    elif kind == 3:  # a number
        at = at // 8 * 8
        piece = rng.choice([2**31 - 1, -1, 2**40, 2**62, 0, 7]).astype(np.int64).tobytes()
        content[at : at + 8] = piece[: len(content) - at]
    else:  # two pieces change places
        other = int(rng.integers(len(content) // 8 + 1)) * 8
        at = at // 8 * 8
        one, two = content[at : at + 8], content[other : other + 8]
        if len(one) == len(two) == 8:
            content[at : at + 8], content[other : other + 8] = two, one
    path.write_bytes(content)
    return f"{path.name} kind {kind} at {at}"


def _reseal(directory: Path) -> None:
    """Make checksums fit again, where the manifest can still be read."""
    from features.ledger.manifest import Manifest, checksum, manifest_text

    manifest = directory / "manifest.json"
    try:
        content = json.loads(manifest.read_bytes())
        folder = directory / content["generation"]
        content["crc32"] = {name: checksum(folder / name) for name in content["crc32"]}
        content = {name: content[name] for name in Manifest._fields}
        manifest.write_text(manifest_text(Manifest(**content)))
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        return


def late(arguments: argparse.Namespace) -> None:
    """Late transfers to a wallet of very many, in parts as the endpoint inserts them, and back."""
    n = arguments.n
    senders = [f"s{row % 10_000}" for row in range(n)]
    ledger = Ledger.from_transfers(transfers(senders, ["hub"] * n, 2 * np.arange(n), "t"))
    ledger.reserve(100_000)
    rng = np.random.default_rng(5)
    figures: Figures = {}
    ledger.append(transfers(["s0"], ["hub"], [1], "warm"))
    ledger.retract(["warm0"])
    for more in arguments.more:
        stretches = []
        for part in range(0, more, 1000):
            when = np.sort(2 * rng.integers(0, n, 1000) + 1)
            frame = transfers(senders[:1000], ["hub"] * 1000, when, f"late{more}-{part}-")
            new = ledger.check_append(frame)
            stretches.append(busy(partial(ledger.insert, new)))
        figures[f"insert {more}"] = max(stretches)
        ids = [f"late{more}-{part}-{row}" for part in range(0, more, 1000) for row in range(1000)]
        figures[f"retract {more}"] = busy(partial(ledger.retract, ids))
    say(figures)


def collisions(arguments: argparse.Namespace) -> None:
    """A row of a wallet that paid wallets whose codes were chosen, and of one like any other."""
    half, paid = arguments.n // 2, arguments.paid
    names = [f"w{number}" for number in range(2 * half)]
    ledger = Ledger.from_transfers(transfers(names[:half], names[half:], np.arange(half), "t"))
    codes = np.arange(ledger.n_wallets)
    slot = (codes * SLOT_FACTOR >> SLOT_SHIFT) & (SLOTS - 1)
    chosen = np.argsort(slot, kind="stable")[:paid]
    others = np.random.default_rng(3).choice(codes, paid, replace=False)
    for who, whom in (("victim", chosen), ("other", others)):
        recipients = [ledger.wallet(int(code)) for code in whom]
        when = half + np.arange(paid)
        ledger.append(transfers([who] * paid, recipients, when, f"{who}-"))
    instant = np.array([(START + pd.Timedelta(400, "D")).value // 1000])
    views = tuple(view for view in VIEWS if view.name in ("counterparties", "patterns"))
    figures = {}
    for who in ("other", "victim"):
        asked = np.array([ledger.code(who)], dtype=np.int32), instant

        def row(asked: Any = asked) -> object:
            return compute_rows(ledger, *asked, labels=NO_LABELS, views=views)

        row()
        figures[who] = statistics.median(busy(row) for _ in range(5))
    say(figures)


def labels(arguments: argparse.Namespace) -> None:
    """Transfers to wallets that a long list of labels names and the ledger did not hold."""
    names = [f"w{number}" for number in range(1000)]
    ledger = Ledger.from_transfers(transfers(names, names[::-1], np.arange(1000), "t"))
    ledger.reserve(100_000)
    listed = [f"bad{number}" for number in range(arguments.n)]
    frame = pd.DataFrame({"wallet": listed, "label": "illicit", "known_at": START})
    known = GrowingLabels(ledger, frame)
    ledger.append_one(Transfer("warm", START, "w1", "w2", 1.0, "ETH"))
    took = []
    for number in range(20):
        one = Transfer(f"x{number}", START, "w1", f"bad{number * 31}", 1.0, "ETH")

        def add(one: Transfer = one) -> None:
            awaited = known.awaited([one.sender, one.recipient])
            ledger.append_one(one)
            known.join(ledger, awaited)

        took.append(busy(add))
    say({"slowest": max(took)})


def size(arguments: argparse.Namespace) -> None:
    """Build and save a large ledger; how long opening, verifying and appending take."""
    ledger = Ledger.from_transfers(pq.read_table(arguments.source).to_pandas())
    figures: Figures = {"save": milliseconds(lambda: ledger.save(arguments.ledger))}
    figures["open"] = min(milliseconds(lambda: Ledger.open(arguments.ledger)) for _ in range(3))
    try:
        from features.ledger.verify import verify

        figures["verify"] = milliseconds(lambda: verify(arguments.ledger))
    except ImportError:
        figures["verify"] = None
    opened = Ledger.open(arguments.ledger)
    opened.reserve(100_000)
    last, took = (opened.last_time or 0) // 1_000_000, []
    rng = np.random.default_rng(9)
    seconds = last - START.value // 10**9
    for turn in range(20):
        codes = rng.integers(0, opened.n_wallets, (2, 1000))
        ends = [[opened.wallet(code) for code in row] for row in codes.tolist()]
        frame = transfers(ends[0], ends[1], np.full(1000, seconds + turn + 1), f"new{turn}-")
        frame["asset"] = opened.unit
        took.append(busy(partial(opened.append, frame)))
    say({**figures, "append": statistics.median(took)})


WORK = (make, ingest, count, write, read, grow, tamper, late, collisions, labels, size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=[each.__name__ for each in WORK])
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--until", type=Path)
    parser.add_argument("--n", type=int, default=1)
    parser.add_argument("--more", type=int, nargs="*", default=[])
    parser.add_argument("--paid", type=int)
    parser.add_argument("--bytes", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sealed", action="store_true")
    arguments = parser.parse_args()
    {each.__name__: each for each in WORK}[arguments.work](arguments)


if __name__ == "__main__":
    main()
