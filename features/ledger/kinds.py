"""Kinds of the wallets of a ledger, see :mod:`features.contracts.wallet_kinds`."""

from dataclasses import dataclass
from typing import Self

from features.contracts.text import as_text
from features.contracts.wallet_kinds import wallet_kinds
from features.kernel import Int8s
from features.ledger.names import Names
from features.ledger.side import grown


@dataclass(slots=True)
class WalletKinds:
    """Kind of each wallet by its code; it follows from the name, and stands ready for kernels.

    Parameters
    ----------
    kind : int8 array, shape (wallets,) or longer
    used : int, wallets whose kind is filled
    """

    kind: Int8s
    used: int

    @classmethod
    def of(cls, wallets: Names, chain: str) -> Self:
        """Kinds of all wallets, without room for more."""
        kind = wallet_kinds(wallets.all_text(), chain)
        return cls(kind, kind.size)

    def reserve_wallets(self, size: int) -> None:
        """Make room for ``size`` wallets."""
        if size > self.kind.size:
            self.kind = grown(self.kind, size)

    def take_in(self, wallets: Names, chain: str) -> None:
        """Fill the kinds of wallets that were added; there is room for them."""
        added = len(wallets) - self.used
        if added:
            names = as_text(wallets.recent[-added:])
            self.kind[self.used : len(wallets)] = wallet_kinds(names, chain)
            self.used = len(wallets)
