"""What kind of asset a name stands for: a chain's own coin, a stablecoin, or any other.

On a chain with tokens the name is a contract's address, since anyone can deploy a token that calls
itself USDT; symbols count only where no chain is named, addresses count there too.
"""

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np

from features.kernel import Int8s

OTHER, NATIVE, STABLECOIN = 0, 1, 2
KINDS = ("other", "native", "stablecoin")

_COINS: Mapping[str, frozenset[str]] = {
    "": frozenset({"ADA", "BCH", "BNB", "BTC", "DOGE", "ETC", "ETH", "LTC", "SOL", "TRX", "XMR"}),
    "bitcoin": frozenset({"BTC"}),
    "ethereum": frozenset({"ETH", "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"}),  # and wrapped
    "tron": frozenset({"TRX"}),
}
# tokens of a promised price: issuers' own pages of contract addresses
_STABLE: Mapping[str, frozenset[str]] = {
    "": frozenset({
        "BUSD", "DAI", "FDUSD", "FRAX", "GUSD", "LUSD", "PYUSD", "SAI", "TUSD", "USDC", "USDD",
        "USDE", "USDP", "USDT",
    }),
    "ethereum": frozenset({
        "0x0000000000085d4780b73119b644ae5ecd22b376",  # TUSD
        "0x056fd409e1d7a124bd7017459dfea2f387b6d5cd",  # GUSD
        "0x4c9edd5852cd905f086c759e8383e09bff1e68b3",  # USDe
        "0x4fabb145d64652a948d72533023f6e7a623c7c53",  # BUSD
        "0x57ab1ec28d129707052df4df418d58a2d46d5f51",  # sUSD
        "0x5f98805a4e8be255a32880fdec7f6728c6568ba0",  # LUSD
        "0x6b175474e89094c44da98b954eedeac495271d0f",  # DAI
        "0x6c3ea9036406852006290770bedfcaba0e23a0e8",  # PYUSD
        "0x853d955acef822db058eb8505911ed77f175b99e",  # FRAX
        "0x89d24a6b4ccb1b6faa2625fe562bdd9a23260359",  # SAI
        "0x8e870d67f660d95d5be530380d0ec0bd388289e1",  # USDP
        "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48",  # USDC
        "0xc5f0f7b66764f6ec8c8dff7ba683102295e16409",  # FDUSD
        "0xdac17f958d2ee523a2206206994597c13d831ec7",  # USDT
        "0xf939e0a03fb07f59a73314e73794be0e57ac1b4e",  # crvUSD
    }),
    "tron": frozenset({
        "TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8",  # USDC
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",  # USDT
    }),
}  # fmt: skip


def asset_kinds(assets: Iterable[str], chain: str) -> Int8s:
    """Kind of each asset of a chain: ``OTHER``, ``NATIVE`` or ``STABLECOIN``.

    Parameters
    ----------
    assets : iterable of str, n of them
    chain : str
        Empty where none is named; of a chain that is not listed here all assets are other.

    Returns
    -------
    int8 array, shape (n,)

    Examples
    --------
    >>> asset_kinds(["ETH", "USDT", "0xdac17f958d2ee523a2206206994597c13d831ec7"], "ethereum")
    array([1, 0, 2], dtype=int8)
    """
    coins, stable = _known_assets(chain)
    kinds = [NATIVE if one in coins else STABLECOIN if one in stable else OTHER for one in assets]
    return np.array(kinds, np.int8)


@cache
def _known_assets(chain: str) -> tuple[frozenset[str], frozenset[str]]:
    """Coins and stablecoins of a chain; all of them where none is named. Every score asks."""
    coins, stable = (
        table.get(chain, frozenset()) if chain else frozenset().union(*table.values())
        for table in (_COINS, _STABLE)
    )
    return coins, stable


def definition() -> str:
    """The lists as a text, by which a view is defined."""
    return repr([sorted((chain, *sorted(names)) for chain, names in table.items())
                 for table in (_COINS, _STABLE)])  # fmt: skip
