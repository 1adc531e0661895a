"""What is a payment on an EVM chain: events, kinds of calls, chains by name.

Notes
-----
Ether moves by a transaction that succeeded, by a call, a creation or a self-destruction inside it
of which no enclosing call was undone, and by nothing else: a delegatecall or callcode carries its
caller's value and moves none. An ERC-20 token moves by its event ``Transfer`` with exactly three
topics; with four it is a numbered thing (ERC-721), whose number is no amount. The contract that
wraps ether on the main chain (WETH9) emits ``Deposit`` and ``Withdrawal`` instead of transfers; the
contract is taken as the other side, since it holds the ether and owes it.
"""

import re
from typing import NamedTuple

from features.errors import SourceError

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
DEPOSIT = "0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c"
WITHDRAWAL = "0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65"
ERC1155 = (
    "0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62",  # TransferSingle
    "0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb",  # TransferBatch
)
ZERO = "0x" + 40 * "0"
NATIVE_DECIMALS = 18
GWEI_DECIMALS = 9  # in which withdrawals are counted
MAX_DECIMALS = 77  # of a uint256, which has 78 digits
PAYING_TRACES = ("call", "create", "create2", "suicide", "selfdestruct")
BORROWING_CALLS = ("delegatecall", "callcode", "staticcall")


class EvmChain(NamedTuple):
    """A chain.

    Attributes
    ----------
    chain_id : int
    native : str
        Its own asset.
    wrapped : tuple of str
        Contracts that wrap it as WETH9 does.
    status_from : int
        First block whose receipts say whether a transaction failed.
    """

    chain_id: int
    native: str
    wrapped: tuple[str, ...] = ()
    status_from: int = 0

    def chosen(self, assets: str | None) -> frozenset[str] | None:
        """Read a list of assets: the chain's own, and tokens by their contracts; None is all.

        Raises
        ------
        SourceError
            One is neither; a symbol is refused, since anyone may give a token any symbol.
        """
        if assets is None:
            return None
        names = [name.strip() for name in assets.split(",")]
        for name in names:
            if name != self.native and not re.fullmatch("0x[0-9a-fA-F]{40}", name):
                raise SourceError(
                    f"asset {name!r} is neither {self.native} nor the address of a token's contract"
                )
        return frozenset(name if name == self.native else name.lower() for name in names)


_ROLLUP_WETH = ("0x4200000000000000000000000000000000000006",)
EVM_CHAINS = {
    "ethereum": EvmChain(1, "ETH", ("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2",), 4_370_000),
    "optimism": EvmChain(10, "ETH", _ROLLUP_WETH),
    "bsc": EvmChain(56, "BNB", ("0xbb4cdb9cbd36b01bd1cbaebf2de08d9173bc095c",)),
    "polygon": EvmChain(137, "POL", ("0x0d500b1d8e8ef31e21c99d1db9a6444d3adf1270",)),
    "base": EvmChain(8453, "ETH", _ROLLUP_WETH),
    "arbitrum": EvmChain(42161, "ETH"),  # its WETH emits transfers
    "avalanche": EvmChain(43114, "AVAX", ("0xb31f66aa3c1e785363f0875a1b74e27b85fd66c7",)),
}


def evm_chain(name: str) -> EvmChain:
    """Find a chain by its name; raises SourceError where there is none."""
    if name not in EVM_CHAINS:
        raise SourceError(f"unknown chain {name!r}; there are {', '.join(EVM_CHAINS)}")
    return EVM_CHAINS[name]
