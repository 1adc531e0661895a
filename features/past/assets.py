"""What the transfers of a past are of."""

from typing import NamedTuple

from features.kernel import Int8s, Int32s, UInt64s
from features.ledger import Ledger
from features.past.cut import Past


class AssetPast(NamedTuple):
    """A past, and transaction and asset of each transfer, for those who tell assets apart.

    Apart from :class:`features.past.Past` as :class:`features.past.DustPast` is.

    Attributes
    ----------
    past : Past
    tx_hash : uint64 array, shape (rows,) or longer
        As of :class:`features.past.TracedPast`.
    asset : int32 array, shape (rows,) or longer
        Code of the asset of each row; empty where all are of one.
    kind : int8 array, shape (assets,)
        Of each code, see :mod:`features.contracts.assets`.
    """

    past: Past
    tx_hash: UInt64s
    asset: Int32s
    kind: Int8s

    @property
    def size(self) -> int:
        """Number of questions."""
        return self.past.size


def past_with_assets(ledger: Ledger, past: Past) -> AssetPast:
    """Transactions and assets of the ledger that a past is of, beside it."""
    return AssetPast(past, ledger.tx_hash, ledger.assets.code, ledger.assets.kinds())
