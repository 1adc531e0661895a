"""What a ledger's transfers are of, and what they are counted in.

A ledger is of one chain and counts in one unit of account: slices hold values in it. In a plain
ledger all transfers are of the unit itself, their amounts are their values, and nothing more is
held. In any other, the log holds each transfer's asset and amount beside.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from features.contracts.assets import asset_kinds
from features.contracts.text import as_chunks, as_text
from features.contracts.transfers import Transfers
from features.kernel import Float64s, Int8s, Int32s, Int64s
from features.ledger.names import Names, by_hash
from features.ledger.side import grown

_NO_CODES, _NO_AMOUNTS = np.empty(0, np.int32), np.empty(0)


@dataclass(slots=True)
class Assets:
    """Chain, unit of account, and the asset and amount of each row of the log.

    Parameters
    ----------
    chain : str
        Empty where nobody said.
    unit : str
        What values are in; empty while a plain ledger has no transfer.
    plain : bool
        All transfers are of the unit itself.
    names : Names
        By code; none in a plain ledger.
    code : int32 array, shape (rows,) or longer; empty in a plain ledger
    amount : float64 array, shape (rows,) or longer; empty in a plain ledger
        Whole units of the row's asset.
    """

    chain: str
    unit: str
    plain: bool
    names: Names
    code: Int32s
    amount: Float64s
    _kinds: Int8s = field(default_factory=lambda: np.empty(0, np.int8), repr=False)

    @classmethod
    def of_unit(cls, chain: str, unit: str) -> Self:
        """Those of a plain ledger."""
        return cls(chain, unit, True, _no_names(), _NO_CODES, _NO_AMOUNTS)

    @classmethod
    def of_frame(cls, chain: str, unit: str, checked: Transfers) -> Self:
        """Those of transfers, a row each, in their order."""
        coded = as_chunks(checked["asset"]).combine_chunks().dictionary_encode()
        names, code = by_hash(as_text(coded.dictionary))
        amount = checked["amount"].to_numpy(copy=True)
        return cls(chain, unit, False, names, code[coded.indices.to_numpy()], amount)

    @property
    def listed(self) -> tuple[str, ...]:
        """The assets that are or were here, in the order of their names."""
        if self.plain:
            return (self.unit,) if self.unit else ()
        return tuple(sorted(self.names.texts(np.arange(len(self.names)))))

    def kinds(self) -> Int8s:
        """Kind of each asset by code, of the unit alone in a plain ledger; kept from call to call.

        See :func:`features.contracts.assets.asset_kinds`.
        """
        if self.plain:
            return asset_kinds([self.unit], self.chain)
        known, held = self._kinds.size, len(self.names)
        if known < held:
            added = asset_kinds(self.names.texts(np.arange(known, held)), self.chain)
            self._kinds = np.concatenate([self._kinds, added])
        return self._kinds

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, the text of names apart."""
        return self.code.nbytes + self.amount.nbytes

    def codes(self, assets: list[str]) -> Int32s:
        """Codes of assets; those that were never seen get the next ones."""
        distinct = dict.fromkeys(assets)
        self.names.extend([asset for asset in distinct if self.names.first_row(asset) < 0])
        code = {asset: self.names.first_row(asset) for asset in distinct}
        return np.array([code[asset] for asset in assets], np.int32)

    def of_row(self, row: int, value: float) -> tuple[str, float, float | None]:
        """Asset, amount and value of a row whose slice says ``value``, as the transfer told it.

        The value is None where there is none, and where the asset is the unit itself.
        """
        if self.plain:
            return self.unit, value, None
        asset, amount = self.names[int(self.code[row])], float(self.amount[row])
        return asset, amount, None if asset == self.unit or np.isnan(value) else value

    def worth(self, asset: str, amount: float, value: float | None) -> float:
        """Value of a transfer that fits the ledger, nan where none is known."""
        if asset == self.unit:
            return amount
        return np.nan if value is None else value

    def take(self, rows: Int64s) -> Self:
        """Those of some rows, in their order; assets that none of them is of are left out."""
        if self.plain:
            return type(self).of_unit(self.chain, self.unit if rows.size else "")
        used, code = np.unique(self.code[rows], return_inverse=True)
        names, new = by_hash(self.names.all_text().take(used))
        return type(self)(
            self.chain, self.unit, False, names, new[code].astype(np.int32), self.amount[rows]
        )

    def reserve_rows(self, size: int) -> None:
        """Make room for ``size`` rows; a plain ledger holds none."""
        if not self.plain:
            self.code, self.amount = grown(self.code, size), grown(self.amount, size)


def _no_names() -> Names:
    return by_hash(as_text([]))[0]
