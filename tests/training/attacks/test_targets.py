"""What is read of a ledger to attack it, and which targets may be attacked at once."""

import pandas as pd

from features import Ledger, check_labels, check_spine
from tests.strategies import at, chain, fan_out, spine, transfers
from training.attacks.targets import Records, apart, targets_of

PAID = transfers([(0, "a", "b", 4.0), (1, "b", "c", 1.0), (2, "b", "c", 3.0), (9, "b", "c", 7.0)])


def labels(*names: str) -> pd.DataFrame:
    frame = pd.DataFrame({"wallet": names, "label": "illicit", "known_at": at(1)})
    return check_labels(frame)


def test_a_target_is_what_was_there_before_the_attack() -> None:
    (target,) = targets_of(
        Ledger.from_transfers(PAID), check_spine(spine(["b"], at(9))), None, (), 0
    )
    assert target.as_of == at(9).value // 1000
    assert target.received.tolist() == [4.0]
    assert target.sent.tolist() == [1.0, 3.0]
    assert target.bad == ""


def test_the_known_payer_is_another_wallet_of_the_ledger_and_known_by_then() -> None:
    ledger, known = Ledger.from_transfers(PAID), labels("a", "b", "stranger")
    asked = check_spine(pd.concat([spine(["b", "a", "c"], at(9)), spine(["b"], at(1))]))
    bad = [target.bad for target in targets_of(ledger, asked, known, (), 0)]
    assert bad[:2] == ["a", "b"]
    assert bad[2] in ("a", "b")
    assert bad[3] == ""
    assert bad == [target.bad for target in targets_of(ledger, asked, known, (), 0)]


def groups(frame: pd.DataFrame, names: list[str]) -> list[list[str]]:
    ledger = Ledger.from_transfers(frame)
    found = apart(Records(ledger), [[code] for code in ledger.codes(names).tolist()])
    return [[names[number] for number in group] for group in found]


def test_wallets_that_share_a_partner_are_not_attacked_at_once() -> None:
    assert groups(fan_out(3), ["leaf0", "leaf1", "leaf2"]) == [["leaf0"], ["leaf1"], ["leaf2"]]
    names = [f"c{i}" for i in range(7)]
    assert groups(chain(6), names) == [["c0", "c3", "c6"], ["c1", "c4"], ["c2", "c5"]]


def test_strangers_are_attacked_at_once() -> None:
    pairs = transfers((0, f"a{i}", f"b{i}", 1.0) for i in range(9))
    assert len(groups(pairs, [f"a{i}" for i in range(9)])) == 1


def test_a_wallet_that_an_attack_touches_counts() -> None:
    pairs = transfers((0, f"a{i}", f"b{i}", 1.0) for i in range(3))
    ledger = Ledger.from_transfers(pairs)
    touched = [ledger.codes([f"a{i}", "b2"]).tolist() for i in (0, 1)]
    assert apart(Records(ledger), touched) == [[0], [1]]
