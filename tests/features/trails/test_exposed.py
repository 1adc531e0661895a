"""What a wallet is exposed to, as the haircut policy says it."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given

from features import Ledger, haircut
from features.kernel import DAY
from features.past import label_events
from features.trails.exposed import exposure
from tests.exposed import THIEF, labels
from tests.strategies import World, at, spine, transfers, worlds


def told(ledger: Ledger, wallet: str, as_of: pd.Timestamp, known: pd.DataFrame) -> dict[str, Any]:
    events = label_events(ledger, known)
    return exposure(ledger, ledger.code(wallet), as_of.value // 1000, labels=events)


MOVES = [(1.0, "thief", "a", 3.0), (2.0, "clean", "a", 1.0), (3.0, "a", "b", 2.0),
         (4.0, "thief", "b", 1.0), (5.0, "b", "shop", 3.0)]  # fmt: skip


def test_direct_and_indirect_value_add_up_with_the_rest() -> None:
    known = pd.concat([THIEF, labels(("shop", "none", "gambling", -DAY / 1e6))])
    said = told(Ledger.from_transfers(transfers(MOVES)), "b", at(10), known)
    assert said["unit"] == "ETH"
    received, sent = said["received"], said["sent"]
    assert [(one["kind"], one["hops"], one["value"]) for one in received["lines"]] == [
        ("indirect", 2, 1.5), ("direct", 1, 1.0),
    ]  # fmt: skip
    assert received["lines"][0]["share"] == 0.5
    assert received["lines"][0]["category"] == "theft"
    assert (received["value"], received["unknown_value"], received["truncated"]) == (
        3.0,
        0.5,
        False,
    )
    assert [(one["category"], one["label"], one["value"]) for one in sent["lines"]] == [
        ("gambling", None, 3.0)
    ]


def test_a_wallet_that_nobody_knows_has_none() -> None:
    said = told(Ledger.from_transfers(transfers(MOVES)), "stranger", at(10), THIEF)
    assert said["received"] == said["sent"] == {
        "value": 0.0, "lines": [], "service_like_value": 0.0, "unknown_value": 0.0,
        "truncated": False,
    }  # fmt: skip


@given(worlds())
def test_lines_are_those_of_the_haircut(world: World) -> None:
    ledger = world.ledger()
    for wallet, as_of in world.spine.itertuples(index=False):
        said = told(ledger, wallet, as_of, world.labels)
        table = haircut(ledger, spine([wallet], as_of), labels=world.labels)
        for side in ("received", "sent"):
            lines = table[(table["direction"] == side) & table["hops"].notna()]
            wanted = sorted(zip(lines["category"], lines["hops"], lines["amount"], strict=True))
            got = [(one["category"], one["hops"], one["value"]) for one in said[side]["lines"]]
            assert sorted(got) == wanted
            parts = sum(one["value"] for one in said[side]["lines"])
            rest = said[side]["unknown_value"] + said[side]["service_like_value"]
            assert parts + rest == pytest.approx(said[side]["value"], rel=1e-9)
