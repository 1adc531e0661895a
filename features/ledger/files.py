"""The files of a saved ledger: their names, and what each array holds."""

from typing import TypeAlias

import numpy as np

from features.ledger.materiality import BEGINNING, SCALE

Kinds: TypeAlias = dict[str, type[np.generic]]
SIDES = ("incoming", "outgoing", "dust")
UNPRICED = ("unpriced.incoming", "unpriced.outgoing")
ROWS: Kinds = {"sender": np.int32, "position": np.int32, "tx_hash": np.uint64}
BY_WALLET: Kinds = {"start": np.int64, "count": np.int32}
BY_PLACE: Kinds = {
    "time": np.int64,
    "counterparty": np.int32,
    "transfer": np.int32,
    "amount": np.float64,
}
OF_ASSETS: Kinds = {"asset": np.int32, "amount": np.float64}
SCALES = {"scale": SCALE, "begun": np.dtype(np.int32), "beginnings": BEGINNING}
WALLET_HASH, WALLETS, TX_IDS = "wallet_hash.npy", "wallets.arrow", "tx_ids.arrow"
KIND = "kind.npy"
ASSETS = "assets.arrow"
FILES = frozenset({
    *(f"{name}.npy" for name in (*ROWS, *SCALES)),
    *(f"{side}.{name}.npy" for side in (*SIDES, *UNPRICED) for name in (*BY_WALLET, *BY_PLACE)),
    WALLET_HASH,
    KIND,
    WALLETS,
    TX_IDS,
})  # fmt: skip
ASSET_FILES = frozenset({*(f"{name}.npy" for name in OF_ASSETS), ASSETS})
# which folders of before lack: all of them, and those of one asset
_ADDED = frozenset({KIND})
_ADDED_PLAIN = frozenset(
    f"{side}.{name}.npy" for side in UNPRICED for name in (*BY_WALLET, *BY_PLACE)
)


def files_of(plain: bool, former: bool = False) -> list[str]:
    """Files of a generation, in order of their names.

    ``plain`` says of which kind of ledger, ``former`` that it is of a format of before.
    """
    files = FILES if plain else FILES | ASSET_FILES
    if former:
        files -= _ADDED | _ADDED_PLAIN if plain else _ADDED
    return sorted(files)
