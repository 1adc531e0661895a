"""What a ledger counts in, as tables and models remember it."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from features.ledger.ledger import Ledger

ATTRIBUTE = "ledger"  # of a feature table's ``attrs``
MOST_ASSETS = 50


class Counted(NamedTuple):
    """Chain, unit of account and assets of a ledger; empty where nobody said.

    Attributes
    ----------
    chain, unit : str
    assets : tuple of str
        The ``MOST_ASSETS`` that most transfers are of, those first.
    n_assets : int, different ones in all
    """

    chain: str = ""
    unit: str = ""
    assets: tuple[str, ...] = ()
    n_assets: int = 0

    @classmethod
    def said(cls, ledger: Ledger) -> Self:
        """Chain and unit of a ledger: :meth:`of` without a look at every transfer."""
        return cls(ledger.chain, ledger.unit)

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """What a ledger counts in."""
        held = ledger.assets
        if held.plain:
            return cls(held.chain, held.unit, held.listed, len(held.listed))
        here = ledger.sender[: len(ledger.transactions)] >= 0
        transfers = np.bincount(held.code[: here.size][here], minlength=len(held.names))
        names = held.names.texts(np.arange(len(held.names)))
        ranked = sorted((-n, name) for n, name in zip(transfers.tolist(), names, strict=True) if n)
        shown = tuple(name for _, name in ranked[:MOST_ASSETS])
        return cls(held.chain, held.unit, shown, len(ranked))

    @classmethod
    def of_attrs(cls, attrs: Mapping[Any, Any]) -> Self:
        """What a feature table remembers of its ledger; nothing where it is of another origin."""
        match attrs.get(ATTRIBUTE):
            case {
                "chain": str(chain), "unit": str(unit), "assets": [*assets], "n_assets": int(n),
            }:  # fmt: skip
                return cls(chain, unit, tuple(map(str, assets)), n)
            case _:
                return cls()

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON; :meth:`of_attrs` reads it."""
        return {**self._asdict(), "assets": list(self.assets)}

    def contradiction(self, other: "Counted") -> str:
        """In what another differs where both say something, in words; empty where in nothing."""
        if self.unit and other.unit and self.unit != other.unit:
            return f"counts in {self.unit!r}, {{}} counts in {other.unit!r}"
        if self.chain and other.chain and self.chain != other.chain:
            return f"is of the chain {self.chain!r}, {{}} is of {other.chain!r}"
        return ""
