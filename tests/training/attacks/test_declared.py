"""Each attack makes the transfers that it says, keeps the money that it says, counts its cost."""

import math
from collections import Counter

import numpy as np
import pytest

from features import check_transfers
from training.attacks import ATTACKS, Attack, Cost, Move, Target
from training.attacks.declared import (
    COPY,
    DUST,
    HOPS,
    HUBS,
    OWN,
    POISON,
    READ,
    SCANNED,
    UNIT_DUST,
    address_poisoning,
    delay,
    dust,
    poison,
    round_trips,
    self_loops,
    split_receipt,
    split_sending,
    tainted_through_hub,
    through_hub,
)
from training.attacks.moves import FRESH, Step, cost_of, extra_cost, transfers_of

PATTERN = (Step(0.0, True, 0, 2.0), Step(60.0, False, 1, 1.0), Step(90.0, False, 0, 0.5))
TARGET = Target(
    "w", 5_000_000, np.array([4.0, 6.0]), np.array([8.0, 8.0, 2.0]), "bad", PATTERN, "hub", 7
)


def every(attack: Attack) -> str:
    return f"{attack.name}, {attack.size}"


def balance(moves: list[Move], wallet: str) -> float:
    """What a wallet has more after some moves."""
    came = math.fsum(move.amount for move in moves if move.recipient == wallet)
    return came - math.fsum(move.amount for move in moves if move.sender == wallet)


def extra(attack: Attack, target: Target) -> Cost:
    return extra_cost(attack.moves(target), attack.plain(target), target, attack.by)


def test_names_and_sizes_tell_attacks_apart() -> None:
    assert max(Counter(map(every, ATTACKS)).values()) == 1


@pytest.mark.parametrize("attack", ATTACKS, ids=every)
def test_an_attack_makes_transfers_that_meet_the_contract(attack: Attack) -> None:
    for moves in (attack.moves(TARGET), attack.plain(TARGET)):
        frame = transfers_of([(move, TARGET.as_of) for move in moves], "ETH", "1")
        assert len(moves) <= attack.transfers
        assert len(check_transfers(frame)) == len(moves)
        assert (frame["timestamp"].astype("int64") >= TARGET.as_of).all()
    assert attack.moves(TARGET)


@pytest.mark.parametrize("attack", ATTACKS, ids=every)
def test_only_the_owner_spends_from_the_wallet(attack: Attack) -> None:
    senders = {move.sender for move in attack.moves(TARGET) if move.amount > 0}
    assert attack.by == "owner" or TARGET.wallet not in senders
    assert all(name.startswith(FRESH) or name in ("w", "bad", "hub") for name in senders)


@pytest.mark.parametrize("attack", [*OWN, *HOPS, *HUBS], ids=every)
def test_what_an_owner_does_gives_nothing_away(attack: Attack) -> None:
    cost = extra(attack, TARGET)
    assert cost.given == pytest.approx(0.0, abs=1e-12)
    assert cost.transactions == len(attack.moves(TARGET)) - len(attack.plain(TARGET))


@pytest.mark.parametrize("attack", DUST, ids=every)
def test_dust_goes_to_the_target_and_is_given_away(attack: Attack) -> None:
    moves = attack.moves(TARGET)
    assert {move.recipient for move in moves} == {"w"}
    assert len({move.amount for move in moves}) == 1
    cost = cost_of(moves, TARGET, attack.by)
    assert cost.given == pytest.approx(balance(moves, "w"))
    assert cost.kept == pytest.approx(0.0, abs=1e-9 * cost.given)
    assert cost.transactions == attack.transfers


def test_the_sizes_of_dust_are_a_unit_or_shares_of_what_the_target_moves() -> None:
    assert TARGET.usual == 5.6
    assert dust(3, None).moves(TARGET)[0].amount == UNIT_DUST
    assert dust(3, 0.25).moves(TARGET)[2] == Move(2, f"{FRESH}7.0", "w", 0.25 * 5.6)
    assert dust(1, 0.25, known=True).moves(TARGET) == [Move(0, "bad", "w", 0.25 * 5.6)]
    assert len({move.sender for move in dust(9, None, many=True).moves(TARGET)}) == 9


def test_one_payment_is_a_share_of_all_receipts() -> None:
    assert poison(0.1).moves(TARGET) == [Move(0.0, "bad", "w", 1.0)]
    assert all(len(attack.moves(TARGET)) == 1 for attack in POISON)


@pytest.mark.parametrize("parts", [2, 20])
def test_splitting_moves_the_same_money(parts: int) -> None:
    received, sent = split_receipt(parts), split_sending(parts)
    for attack in (received, sent):
        moves, plain = attack.moves(TARGET), attack.plain(TARGET)
        assert len(moves) == parts + 1
        for wallet in ("w", TARGET.fresh(0), TARGET.fresh(1)):
            assert balance(moves, wallet) == pytest.approx(balance(plain, wallet))
        assert extra(attack, TARGET) == pytest.approx(Cost(parts - 1, 0.0, 0.0, 0))
    assert sum(move.recipient == "w" for move in received.moves(TARGET)) == parts
    assert sum(move.sender == "w" for move in sent.moves(TARGET)) == parts


def test_money_is_sent_on_only_when_all_of_it_is_there() -> None:
    for attack in (split_receipt(5), split_sending(5), delay("a minute", 60.0)):
        come, go = (
            [move.after_s for move in attack.moves(TARGET) if end == getattr(move, side)]
            for side, end in (("recipient", "w"), ("sender", "w"))
        )
        assert max(come) < min(go)


def test_waiting_costs_nothing_but_time() -> None:
    attack = delay("a minute", 60.0)
    assert extra(attack, TARGET) == Cost(0, 0.0, 0.0, 0)
    assert [move.after_s for move in attack.moves(TARGET)] == [0, 60.0]


def test_loops_and_round_trips_need_the_amount_and_keep_it() -> None:
    assert extra(self_loops(9), TARGET) == Cost(9, 0.0, 5.6, 0)
    assert extra(round_trips(9), TARGET) == Cost(18, 0.0, 5.6, 1)
    assert balance(round_trips(9).moves(TARGET), "w") == 0.0


def test_a_copy_does_what_the_pattern_did_in_the_targets_size() -> None:
    assert COPY.moves(TARGET) == [
        Move(0.0, TARGET.fresh(0), "w", 2 * 5.6),
        Move(60.0, "w", TARGET.fresh(1), 5.6),
        Move(90.0, "w", TARGET.fresh(0), 5.6 / 2),
    ]


def test_at_a_hop_the_bad_money_comes_first_and_leaves_last() -> None:
    for attack, count in zip(HOPS, (SCANNED, READ), strict=True):
        moves, hop = attack.moves(TARGET), TARGET.fresh(0)
        assert (moves[0].sender, moves[0].recipient) == ("bad", hop)
        assert (moves[-1].sender, moves[-1].recipient) == (hop, "w")
        assert moves[0].amount == moves[-1].amount == TARGET.usual
        assert {move.recipient for move in moves[1:-1]} == {hop}
        assert len(moves) == count + 2
        assert [move.after_s for move in moves] == list(range(count + 2))
    own = HOPS[1]
    assert extra(own, TARGET) == pytest.approx(Cost(READ, 0.0, TARGET.usual, 1))


def test_money_that_comes_back_is_needed_only_once() -> None:
    moves = [Move(0, "w", "x", 5.0), Move(1, "x", "w", 3.0), Move(2, "w", "x", 4.0)]
    assert cost_of(moves, TARGET, "owner") == Cost(3, 6.0, 0.0, 0)
    assert cost_of(moves[:2], TARGET, "owner") == Cost(2, 2.0, 3.0, 0)


def test_amounts_of_0_say_nothing_of_what_a_wallet_usually_moves() -> None:
    assert Target("w", 0, np.array([4.0, 6.0]), np.array([0.0])).usual == 5.0
    assert Target("w", 0, np.array([]), np.array([0.0])).usual == 1.0


def test_a_hub_takes_part_in_every_trip_and_keeps_nothing() -> None:
    moves = through_hub(3).moves(TARGET)
    assert len(moves) == 12
    assert all("hub" in (move.sender, move.recipient) for move in moves)
    assert balance(moves, "hub") == pytest.approx(0.0)
    assert balance(moves, "w") == pytest.approx(0.0)
    (come, gone) = tainted_through_hub().moves(TARGET)
    assert (come.sender, come.recipient, gone.recipient) == ("bad", "hub", "w")


def test_address_poisoning_costs_dust_and_a_wallet_each() -> None:
    attack = address_poisoning(10)
    assert sum(move.amount for move in attack.moves(TARGET) if move.sender == "w") == 0.0
    assert cost_of(attack.moves(TARGET), TARGET, attack.by) == pytest.approx(
        Cost(20, 10 * UNIT_DUST, 0.0, 10)
    )
