"""Warming up leaves nothing to compile."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import features
from features import RiskError, warmup
from features.warmup import _claimed, compile_once, steps, warm_up

PACKAGE = Path(features.__file__).parent

COMPILED = """
def compiled():
    found = set()
    for module in [m for name, m in sys.modules.items() if name.startswith("features.")]:
        for name, value in vars(module).items():
            if hasattr(value, "signatures"):
                found |= {f"{value.__module__}.{name}{one}" for one in value.signatures}
    return sorted(found)
print(json.dumps(compiled()))
"""
WARM = """
import json, sys
from features.warmup import warm_up
warm_up(processes=1)
"""
WORK = """
import json, sys, tempfile
import numpy as np
import pandas as pd
from features import Ledger, feature_table, fifo, haircut, poison, trace
from features.past import label_events, past_of
from features.subgraphs import known_labels, recent_transfers, subgraphs

random = np.random.default_rng(0)
n, start = 3000, pd.Timestamp("2026-01-01", tz="UTC")
transfers = pd.DataFrame({
    "tx_id": [f"t{i}" for i in range(n)],
    "timestamp": start + pd.to_timedelta(random.integers(0, 10**6, n), unit="s"),
    "sender": [f"w{i}" for i in random.integers(0, 30, n)],
    "recipient": [f"w{i}" for i in random.integers(0, 40, n)],
    "amount": random.lognormal(sigma=0.1, size=n), "asset": "ETH"})
labels = pd.DataFrame({"wallet": ["w1", "w2"], "label": ["illicit", "licit"], "known_at": start})
built = Ledger.from_transfers(transfers[::2])
feature_table(built, pd.DataFrame({"wallet": ["w1"], "as_of": [start]}))
with tempfile.TemporaryDirectory() as folder:
    built.save(folder)
    ledger = Ledger.open(folder)
ledger.reserve(100)
ledger.append(transfers[1::2])
ledger.retract(["t5"])
spine = pd.DataFrame({"wallet": [f"w{i}" for i in range(45)], "as_of": start + pd.Timedelta("9D")})
feature_table(ledger, spine, labels=labels, threads=2)
feature_table(ledger, spine[:1])
for wallet in spine["wallet"]:
    trace(ledger, wallet, start + pd.Timedelta("9D"), labels=labels)
    trace(ledger, wallet, start + pd.Timedelta("2D"))
    trace(ledger, wallet, start + pd.Timedelta("9D"), labels=labels, direction="backward")
    trace(ledger, wallet, start + pd.Timedelta("9D"), direction="forward")
for policy in (haircut, fifo, poison):
    policy(ledger, spine[:3], labels=labels)
codes = ledger.codes(spine["wallet"])
instants = np.full(codes.size, ledger.last_time)
past = past_of(ledger, codes, instants, label_events(ledger, labels))
known_labels(past, subgraphs(past, ledger.assets, fan_out=(4, 4), draw="recent"))
recent_transfers(past, 4)
"""


def run(code: str, folder: Path, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def warm() -> list[str]:
    """What a process that warms up takes from what one before it compiled."""
    run(WARM, PACKAGE.parent)
    compiled: list[str] = json.loads(run(WARM + COMPILED, PACKAGE.parent))
    return compiled


def test_work_needs_no_kernel_that_was_not_warm(warm: list[str]) -> None:
    needed = set(json.loads(run(WORK + COMPILED, PACKAGE.parent)))
    assert needed
    assert needed - set(warm) == set()


def test_no_kernel_is_compiled_for_two_types(warm: list[str]) -> None:
    kernels = Counter(one.partition("(")[0] for one in warm)
    twice = {name for name, signatures in kernels.items() if signatures > 1}
    assert len(kernels) > 20  # those that Python calls; the others come with their machine code
    assert twice == {"features.kernel.ordering._order_ties"}  # of times and of hashes


def test_machine_code_survives_a_copy_to_another_place(tmp_path: Path) -> None:
    hash_one = """
from features.kernel import text_hash
text_hash.string_hash("w1")
stats = text_hash._hash_one.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), stats.cache_path)
"""
    said: list[list[str]] = []
    for place in ("here", "there"):
        copy = tmp_path / place / "features"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for source in copy.rglob("*.py"):
            os.utime(source, (len(said), len(said)))
        said.append(run(hash_one, copy.parent, NUMBA_CACHE_DIR=str(tmp_path / "cache")).split())
    (first_hits, first_misses, first), (hits, misses, folder) = said
    assert (first_hits, first_misses) == ("0", "1")
    assert (hits, misses) == ("1", "0")
    assert folder == first
    assert folder.startswith(str(tmp_path / "cache"))


def test_steps_and_folder_are_told() -> None:
    counted: list[int] = []
    done = warm_up(counted.append)
    assert sum(counted) == steps()
    assert done.seconds > 0
    assert Path(done.folder).is_dir()


def test_a_step_is_taken_by_one_process_only(tmp_path: Path) -> None:
    for number, name in enumerate(("patterns", "layering", "mine", "rest")):
        (tmp_path / f"{number:03d} {name}").touch()
    one, other = _claimed(tmp_path, {"patterns", "layering", "mine", "rest"}), []
    taken = [next(one)]
    other = list(_claimed(tmp_path, {"patterns", "layering", "rest"}))  # knows no guest's view
    assert taken + other == ["patterns", "layering", "rest"]
    assert list(one) == ["mine"]
    assert list(tmp_path.iterdir()) == []


def test_what_was_compiled_once_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    monkeypatch.setattr(warmup, "warm_up", lambda count, **_: count(steps()))
    monkeypatch.setattr(warmup, "is_warm", lambda: False)
    compile_once(progress=counted.append)
    monkeypatch.setattr(warmup, "is_warm", lambda: True)
    compile_once(progress=counted.append)
    assert counted == [steps()]


def test_a_process_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warmup, "_claimed", lambda *_: iter(()))  # leaves all to the other
    monkeypatch.setattr(warmup, "__name__", "features.no_such_module")
    with pytest.raises(RiskError, match=r"compiling failed in another process: .*no_such_module"):
        warm_up(processes=2)
