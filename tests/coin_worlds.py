"""Small worlds of a chain of coins: addresses of all kinds, and transactions of many shapes."""

import hashlib
from dataclasses import dataclass

import pandas as pd
from hypothesis import strategies as st

from features.checks.worlds import (
    LASTS,
    MOST_LABELS,
    MOST_ROWS,
    MOST_TRANSFERS,
    OFFSETS,
    ORIGINS,
    STEPS,
    STRANGER,
    WALLETS,
    Mark,
    MarkedLabel,
    Move,
    World,
    build_world,
)
from features.ledger import Ledger
from features.sources.bitcoin.scripts import owner

CHAIN = "bitcoin"
_SCRIPTS = {  # of 32 bytes
    "p2pkh": lambda b: b"\x76\xa9\x14" + b[:20] + b"\x88\xac",
    "p2sh": lambda b: b"\xa9\x14" + b[:20] + b"\x87",
    "p2wpkh": lambda b: b"\x00\x14" + b[:20],
    "p2wsh": lambda b: b"\x00\x20" + b,
    "p2tr": lambda b: b"\x51\x20" + b,
}
_KINDS = dict(
    zip(WALLETS, ("p2pkh", "p2pkh", "p2wpkh", "p2sh", "p2tr", "multisig", "tx"), strict=True)
)
_KINDS[STRANGER] = "p2wsh"


def address(name: str, kind: str = "p2pkh", salt: int = 0) -> str:
    """An address of a kind; the same for the same name."""
    digest = hashlib.sha256(f"{name} {salt}".encode())
    if kind in ("multisig", "tx"):
        return f"{kind}:{digest.hexdigest()[:40]}"
    found = owner(_SCRIPTS[kind](digest.digest()))
    assert found is not None
    return found


@dataclass(frozen=True)
class CoinWorld(World):
    """A world whose wallets are addresses of Bitcoin, whatever they are called in its frames."""

    salt: int = 0

    def __post_init__(self) -> None:
        """Spell the names."""
        for name, columns in (
            ("transfers", ("sender", "recipient")), ("labels", ("wallet",)), ("spine", ("wallet",)),
        ):  # fmt: skip
            frame = getattr(self, name)
            spelt = {column: frame[column].map(self._spelt).astype("str") for column in columns}
            object.__setattr__(self, name, frame.assign(**spelt))

    def _spelt(self, name: str) -> str:
        if name not in _KINDS and not name.startswith("sender of dust"):
            return name
        return address(name, _KINDS.get(name, "p2pkh"), self.salt)

    def ledger(self) -> Ledger:
        """Build the ledger of the chain."""
        return Ledger.from_transfers(self.transfers, unit=self.unit, chain=CHAIN)

    def renamed(self, names: dict[str, str]) -> "CoinWorld":
        """Give every wallet another address of its kind."""
        salt = 1 + len(names)
        other = {self._spelt(name): address(name, kind, salt) for name, kind in _KINDS.items()}
        moved = World.renamed(self, other)
        return CoinWorld(moved.transfers, moved.labels, moved.spine, self.unit, salt)


_ADDRESSES, _NODE = WALLETS[:-1], WALLETS[-1]
_AMOUNTS = st.sampled_from([1.0, 1.0, 1.0, 0.5, 0.25, 8.0, 0.0, 1e-6])
_SOME = st.lists(st.sampled_from(_ADDRESSES), min_size=1, max_size=4)
_STEPS = st.sampled_from([*STEPS, 60_000_000, 600_000_000])
_MARKS = st.builds(
    Mark,
    st.integers(0, MOST_TRANSFERS),
    st.sampled_from(OFFSETS),
    st.sampled_from([*WALLETS, STRANGER]),
)
_LABELS = st.builds(
    MarkedLabel,
    _MARKS,
    st.sampled_from(["illicit", "none"]),
    st.just(1.0),
    st.just("mixer"),
    lasts=st.sampled_from(LASTS),
)


@st.composite
def _transactions(draw: st.DrawFn) -> list[Move]:
    """The transfers of one transaction; a third of them through a pseudo-wallet."""
    payers, payees = draw(_SOME), draw(_SOME)
    between = draw(st.sampled_from(["", "", _NODE]))
    if between:
        pairs = [(payer, between) for payer in payers] + [(between, payee) for payee in payees]
    else:
        pairs = [(payer, payee) for payer in payers[:2] for payee in payees]
    step = draw(_STEPS)
    return [
        Move(0 if n else step, *pair, draw(_AMOUNTS), opens=int(n == 0))
        for n, pair in enumerate(pairs)
    ]


@st.composite
def coin_worlds(draw: st.DrawFn) -> CoinWorld:
    """Worlds in which addresses pay, join, batch, peel and consolidate."""
    made = draw(st.lists(_transactions(), min_size=1, max_size=12))
    wanted = draw(st.lists(_MARKS, min_size=1, max_size=MOST_ROWS))
    labelled = draw(st.lists(_LABELS, max_size=MOST_LABELS))
    origin: pd.Timestamp = draw(st.sampled_from(ORIGINS))
    world = build_world([move for each in made for move in each], wanted, labelled, origin)
    return CoinWorld(world.transfers, world.labels, world.spine)
