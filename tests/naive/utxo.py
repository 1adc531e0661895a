"""The slow twin of the utxo view."""

import math
import re
from collections import Counter, deque
from itertools import groupby
from typing import NamedTuple

from tests.naive.past import NAN, Past, Row, Transfer, ratio

READ, RUN, NEAR, WALLETS, MIX_HOPS, HUB, PEEL_HOPS = 500, 512, 100, 200, 4, 1_000, 64
SCRIPTS = {
    "p2pkh": "1[a-zA-Z0-9]{25,33}", "p2sh": "3[a-zA-Z0-9]{25,33}", "p2wpkh": "bc1q[a-z0-9]{38}",
    "p2wsh": "bc1q[a-z0-9]{58}", "p2tr": "bc1p[a-z0-9]{58}", "multisig": "multisig:.*",
    "nonstandard": "nonstandard.*",
}  # fmt: skip
Run = list[Transfer]


class Shape(NamedTuple):
    """A transaction: payers, payees, the pseudo-wallet between, the largest transfer of a run."""

    payers: int
    payees: int
    between: str
    top: Transfer


def utxo(past: Past, wallet: str) -> Row:
    """One row of the utxo view."""
    sides = past.read(wallet)
    row: Row = {name: NAN for d in ("in", "out") for name in side_names(d)} | dict.fromkeys(
        map("utxo_{}".format, BOTH), NAN
    )
    own = script(wallet)
    if own in ("", "pseudo") or not any(past.sides(wallet)):
        return row
    searches = [to_mix(past, wallet, side[-READ:], d) for d, side in zip(D, sides, strict=True)]
    for d, side, (hops, _) in zip(D, sides, searches, strict=True):
        row |= one_side(past, wallet, side[-READ:], d) | {f"utxo_coinjoin_{d}_hops": hops}
    truncated = any(full for _, full in searches) or any(len(s) > READ for s in past.sides(wallet))
    row |= {
        "utxo_born_as_change_ratio": born(past, wallet),
        "utxo_kept_share": kept(past, wallet),
        "utxo_script_hash_ratio": float(own in ("p2sh", "p2wsh")),
        "utxo_witness_ratio": float(own in ("p2wpkh", "p2wsh", "p2tr")),
        "utxo_truncated_ratio": float(truncated),
    }
    return row


D = ("in", "out")
BOTH = (
    "mined_share", "sweep_share", "pair_share", "copaid_share", "consolidation_share",
    "change_share", "born_as_change_ratio", "kept_share", "reused_share", "peeled_share",
    "script_hash_ratio", "witness_ratio", "truncated_ratio",
)  # fmt: skip


def side_names(d: str) -> list[str]:
    """Columns of a side."""
    return [
        f"utxo_coinjoin_{d}_share", f"utxo_coinjoin_{d}_hops", f"utxo_equal_{d}_count",
        f"utxo_same_script_{d}_share", f"utxo_script_types_{d}_count", f"utxo_payers_{d}_count",
        f"utxo_payees_{d}_count", f"utxo_batch_{d}_share", f"utxo_peel_{d}_hops",
    ]  # fmt: skip


def script(wallet: str) -> str:
    """Kind of an address by its spelling; "pseudo", or empty for no address."""
    if wallet.startswith("tx:"):
        return "pseudo"
    return next((kind for kind, rule in SCRIPTS.items() if re.fullmatch(rule, wallet)), "")


def moves(transfers: list[Transfer]) -> Run:
    """Transfers that move value to another."""
    return [t for t in transfers if t.amount > 0 and t.sender != t.recipient]


def runs(side: list[Transfer]) -> list[Run]:
    """Transfers of a side by transaction."""
    return [list(run) for _, run in groupby(side, key=lambda t: (t.time, t.tx_id))]


def same(side: list[Transfer], of: Transfer) -> Run:
    """Those of the transaction of a transfer, up to the cap."""
    return [t for t in side if (t.time, t.tx_id) == (of.time, of.tx_id)][:RUN]


def shape(past: Past, run: Run, sent: bool) -> Shape | None:
    """Shape of the transaction of which a wallet sees a run."""
    moving = moves(run)
    if not moving:
        return None
    top = max(moving, key=lambda t: t.amount)
    other = top.recipient if sent else top.sender
    payers = len(moves(same(past.received.get(other, []), top)))
    payees = len(moves(same(past.sent.get(other, []), top)))
    if script(other) == "pseudo" and (payees or not sent):
        return Shape(max(payers, 1) if sent else payers, payees, other, top)
    if sent:
        return Shape(max(payers, 1), len(moving), "", top)
    return Shape(len(moving), payees, "", top)


def mix(past: Past, node: str, like: Transfer) -> Counter[float] | None:
    """How many payees of a CoinJoin got each amount; None where it is none."""
    if len(moves(same(past.received.get(node, []), like))) < 2:
        return None
    amounts = Counter(t.amount for t in moves(same(past.sent.get(node, []), like)))
    repeated = sum(n for n in amounts.values() if n > 1)
    return amounts if repeated and 2 * repeated >= amounts.total() - 1 else None


def one_side(past: Past, wallet: str, side: list[Transfer], d: str) -> Row:
    """Columns of a side, and those of both that are told by one."""
    sent = d == "out"
    found = [(run, s) for run in runs(side) if (s := shape(past, run, sent))]
    if not found:
        return {}
    value = math.fsum(t.amount for t in moves(side))
    n, mixed, mined, equal = len(found), 0.0, 0.0, 0
    for run, s in found:
        if not s.between:
            continue
        through = math.fsum(t.amount for t in run if s.between in (t.sender, t.recipient))
        amounts = mix(past, s.between, s.top)
        if amounts:
            mixed += through
            equal = max(equal, max(amounts.values()) if sent else amounts[s.top.amount])
        elif s.payers == 0:
            mined += through
    others = [(script(t.recipient if sent else t.sender), t.amount) for t in moves(side)]
    others = [(kind, amount) for kind, amount in others if kind not in ("", "pseudo")]
    alike = math.fsum(amount for kind, amount in others if kind == script(wallet))
    row = {
        f"utxo_coinjoin_{d}_share": mixed / value,
        f"utxo_equal_{d}_count": equal,
        f"utxo_same_script_{d}_share": ratio(alike, math.fsum(a for _, a in others)),
        f"utxo_script_types_{d}_count": len({kind for kind, _ in others}),
        f"utxo_payers_{d}_count": sum(s.payers for _, s in found) / n,
        f"utxo_payees_{d}_count": sum(s.payees for _, s in found) / n,
        f"utxo_batch_{d}_share": sum(s.payees >= 3 for _, s in found) / n,
    }
    if sent:
        return row | of_sent(past, wallet, found)
    start = next((t.time for t in moves(past.sides(wallet)[1])), past.as_of)
    return row | {
        "utxo_peel_in_hops": peeled_back(past, wallet),
        "utxo_mined_share": mined / value,
        "utxo_reused_share": sum(s.top.time > start for _, s in found) / n,
    }


def of_sent(past: Past, wallet: str, found: list[tuple[Run, Shape]]) -> Row:
    """Columns of what was sent alone."""
    own = [(run, s) for run, s in found if not s.between]

    def share(some: list[bool]) -> float:
        return sum(some) / len(found)

    changes = [s.payees > 1 and len(new_ones(past, run)) == 1 for run, s in own]
    hops, aside = peeled_onward(past, wallet)
    return {
        "utxo_sweep_share": share([s.payees == 1 for _, s in own]),
        "utxo_pair_share": share([(s.payers, s.payees) == (1, 2) for _, s in own]),
        "utxo_copaid_share": share([s.payers > 1 for _, s in own]),
        "utxo_consolidation_share": share([s.payers > 1 and s.payees == 1 for _, s in own]),
        "utxo_change_share": share(changes),
        "utxo_peel_out_hops": hops,
        "utxo_peeled_share": aside,
    }


def is_new(past: Past, wallet: str, time: int) -> bool:
    """Whether a wallet had no transfer before an instant."""
    return not any(t.time < time for side in past.sides(wallet) for t in side)


def new_ones(past: Past, run: Run) -> list[str]:
    """Addresses that a run pays and that are new."""
    return [
        t.recipient
        for t in moves(run)
        if script(t.recipient) != "pseudo" and is_new(past, t.recipient, t.time)
    ]


def born(past: Past, wallet: str) -> float:
    """Whether a wallet's first receipt was as change."""
    received, _ = past.sides(wallet)
    if not received:
        return NAN
    first = received[0]
    seen = shape(past, [t for t in received if (t.time, t.tx_id) == (first.time, first.tx_id)],
                 sent=False)  # fmt: skip
    if not seen or seen.between or seen.payees < 2 or not is_new(past, wallet, first.time):
        return 0.0
    payer = seen.top.sender
    run = [t for t in past.sent[payer] if (t.time, t.tx_id) == (first.time, first.tx_id)]
    return float(len(new_ones(past, run)) == 1)


def kept(past: Past, wallet: str) -> float:
    """Share of transactions sent after which something was left."""
    received, sent = past.read(wallet)
    if (len(received), len(sent)) != tuple(map(len, past.sides(wallet))):
        return NAN
    had, before, left = 0.0, 0, []
    for run in runs(sent):
        while before < len(received) and received[before].time <= run[0].time:
            had += sum(t.amount for t in moves([received[before]]))
            before += 1
        gone = 0.0
        for t in moves(run):
            gone += t.amount
        if gone:
            left.append(had > gone and had - gone >= 0.05 * had)
            had = max(had - gone, 0.0)
    return sum(left) / len(left) if left else NAN


def peeling(past: Past, payer: str, run: Run) -> Transfer | None:
    """The larger payment of a peeling."""
    two = moves(run)
    if len(two) != 2 or two[0].amount == two[1].amount:
        return None
    if any(script(t.recipient) == "pseudo" for t in two):
        return None
    seen = shape(past, run, sent=True)
    top = max(two, key=lambda t: t.amount)
    alone = seen is not None and seen.payers == 1
    return top if alone and is_new(past, top.recipient, top.time) else None


def peeled_onward(past: Past, wallet: str) -> tuple[int, float]:
    """Peelings from the latest sending on, and what they paid aside of the first."""
    run, hops, aside, whole = runs(past.read(wallet)[1])[-1], 0, 0.0, 0.0
    while hops < PEEL_HOPS and (top := peeling(past, run[0].sender, run)):
        total = math.fsum(t.amount for t in moves(run))
        whole = whole or total
        aside += total - top.amount
        hops += 1
        sent = past.sent.get(top.recipient, [])
        if not sent:
            break
        run = runs(sent)[0]
    return hops, min(aside / whole, 1.0) if hops else NAN


def peeled_back(past: Past, wallet: str) -> int:
    """Peelings in a row up to the first receipt."""
    for hops in range(PEEL_HOPS):
        received = past.sides(wallet)[0]
        if not received:
            return hops
        first = received[0]
        sent = past.sent[first.sender]
        run = [t for t in sent if (t.time, t.tx_id) == (first.time, first.tx_id)]
        top = peeling(past, first.sender, run)
        if top is None or top.recipient != wallet:
            return hops
        if run[0] != sent[0]:
            return hops + 1
        wallet = first.sender
    return PEEL_HOPS


def to_mix(past: Past, wallet: str, own: list[Transfer], d: str) -> tuple[float, bool]:
    """Hops to the nearest CoinJoin, and whether a cap was met."""
    met, queue = {wallet}, deque([(wallet, 0, 1)])
    while queue:
        here, time, hops = queue.popleft()
        if hops > MIX_HOPS or script(here) == "pseudo":
            continue
        for t in own[::-1] if here == wallet else ahead(past, here, time, d):
            other = t.recipient if d == "out" else t.sender
            if not t.amount or other in met or len(met) == WALLETS:
                continue
            met.add(other)
            if script(other) == "pseudo" and mix(past, other, t):
                return hops, len(met) == WALLETS
            queue.append((other, t.time, hops + 1))
    return NAN, len(met) == WALLETS


def ahead(past: Past, wallet: str, time: int, d: str) -> list[Transfer]:
    """The transfers of a wallet on the way, the nearest first."""
    received, sent = past.sides(wallet)
    if d == "in":
        before = [t for t in received if t.time <= time]
        return [] if len(before) > HUB else before[::-1][:NEAR]
    return [] if len(sent) > HUB else [t for t in sent if t.time >= time][:NEAR]
