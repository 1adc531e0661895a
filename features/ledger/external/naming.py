"""The wallets of a build, each once, in order of hash: a stretch of them at a time."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from features.contracts.wallet_kinds import wallet_kinds
from features.errors import LedgerError
from features.kernel import Int64s, UInt64s
from features.ledger.external.identity import Codes, Wallets
from features.ledger.external.store import Store
from features.ledger.external.taken import NAME, names_file
from features.ledger.external.texts import TextFile, joined
from features.ledger.files import KIND, WALLET_HASH
from features.ledger.names import by_hash

MOST_WALLETS = MOST_TRANSFERS = 2**31 - 2  # codes and rows are int32
_CHECKS, _NAMES = "checks", "wallets"


class _Named(NamedTuple):
    """Wallets of a stretch, by code."""

    text: pa.LargeStringArray
    wallets: Wallets


def name_wallets(store: Store, bucket: int) -> _Named:
    """The wallets of one file, in order."""
    in_records, in_text = names_file(bucket)
    records = store.read(in_records, NAME)
    wallets = Wallets(records["hash"].copy(), records["check"].copy())
    first = _distinct(wallets)
    text = joined(records["length"], store.read(in_text, np.uint8))
    names, row = by_hash(text.take(first))
    checks = np.empty(first.size, np.uint64)
    checks[row] = wallets.checks[first]
    return _Named(names.text, Wallets(names.hashes, checks))


def _distinct(wallets: Wallets) -> Int64s:
    """A place of each wallet."""
    hashes, checks = wallets
    order = np.argsort(hashes)
    same = hashes[order][1:] == hashes[order][:-1]
    if (same & (checks[order][1:] != checks[order][:-1])).any():
        order = np.lexsort((checks, hashes))
        same = hashes[order][1:] == hashes[order][:-1]
        same &= checks[order][1:] == checks[order][:-1]
    first: Int64s = order[np.concatenate([np.ones(min(1, order.size), np.bool_), ~same])]
    return first


def keep_names(store: Store, bucket: int, named: _Named, chain: str) -> None:
    """Add what :func:`name_wallets` found to the files of all, and what their names say they are.

    Raises
    ------
    LedgerError
        There are more wallets than a ledger can number.
    """
    store.append_array(WALLET_HASH, named.wallets.hashes)
    store.append_array(KIND, wallet_kinds(named.text, chain))
    store.append(_CHECKS, named.wallets.checks)
    names_of(store).append(named.text)
    for name in names_file(bucket):
        store.drop(name)
    if n_wallets(store) > MOST_WALLETS:
        raise LedgerError(f"more than {MOST_WALLETS} wallets; a ledger cannot number them")


def names_of(store: Store) -> TextFile:
    """The names of all wallets, by code."""
    return TextFile(store, _NAMES)


def n_wallets(store: Store) -> int:
    """How many there are."""
    return names_of(store).count


def codes_of(store: Store) -> Codes:
    """What finds their codes."""
    hashes: UInt64s = store.mapped_array(WALLET_HASH, np.uint64)
    return Codes(Wallets(hashes, store.mapped(_CHECKS, np.uint64)))
