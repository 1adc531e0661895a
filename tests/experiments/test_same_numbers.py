"""The digests of experiment 0006 see one changed bit, and nothing else."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from features import VIEWS, feature_table
from tests.strategies import World, at, chain, spine

SCRIPT = Path(__file__).resolve().parents[2] / "experiments" / "0006-same-numbers" / "digest.py"


@pytest.fixture(scope="module")
def digest() -> ModuleType:
    found = importlib.util.spec_from_file_location("digest_of_0006", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    frame = chain(3)
    rows = spine(["c0", "c1", "c2"], at(10**6))
    return feature_table(World(frame, frame, rows).ledger(), rows)


def test_a_view_has_a_digest_that_repeats(digest: ModuleType, table: pd.DataFrame) -> None:
    first, again = (dict(digest.of_table("t", table)) for _ in range(2))
    assert list(first) == [f"t: {view.name}" for view in VIEWS]
    assert first == again


def test_the_last_bit_of_one_cell_changes_the_digest_of_its_view_alone(
    digest: ModuleType, table: pd.DataFrame
) -> None:
    changed = table.copy()
    cell = changed.loc[changed.index[1], "amounts_total_in_amount"]
    changed.loc[changed.index[1], "amounts_total_in_amount"] = np.nextafter(cell, np.inf)
    before, after = (dict(digest.of_table("t", one)) for one in (table, changed))
    assert [name for name in before if before[name] != after[name]] == ["t: amounts"]


def test_a_frame_of_text_and_numbers_has_one(digest: ModuleType) -> None:
    frame = pd.DataFrame({"wallet": ["a", "b"], "amount": [0.1, 0.3]})
    assert digest.of_frame(frame) == digest.of_frame(frame.copy())
    assert digest.of_frame(frame) != digest.of_frame(frame.assign(amount=[0.1, 0.30000001]))
