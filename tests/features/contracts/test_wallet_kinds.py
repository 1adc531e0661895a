"""What a wallet is by its name."""

import pyarrow as pa
import pytest

from features.contracts.wallet_kinds import (
    MULTISIG,
    NONSTANDARD,
    OTHER,
    P2PKH,
    P2SH,
    P2TR,
    P2WPKH,
    P2WSH,
    PSEUDO,
    wallet_kinds,
)

BITCOIN = [
    ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", P2PKH),
    ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", P2SH),
    ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", P2WPKH),
    ("bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", P2WSH),
    ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", P2TR),
    ("bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y", OTHER),
    ("tx:4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b", PSEUDO),
    ("multisig:" + "a" * 40, MULTISIG),
    ("nonstandard" + "b" * 40, NONSTANDARD),
    ("bc1", OTHER),
]
TESTNET = [
    ("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", P2PKH),
    ("n1ZCYg9YXtB5XCZazLxSmPDa8iwJRZHhGx", P2PKH),
    ("2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc", P2SH),
    ("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", P2WPKH),
    ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", OTHER),
]


@pytest.mark.parametrize(("chain", "known"), [("bitcoin", BITCOIN), ("bitcoin-testnet", TESTNET)])
def test_kinds_of_scripts_of_known_addresses(chain: str, known: list[tuple[str, int]]) -> None:
    names = pa.array([name for name, _ in known], pa.large_string())
    assert wallet_kinds(names, chain).tolist() == [kind for _, kind in known]
    assert wallet_kinds(names[2:], chain).tolist() == [kind for _, kind in known[2:]]


@pytest.mark.parametrize("chain", ["", "bank", "ethereum", "litecoin"])
def test_elsewhere_only_a_transaction_is_told(chain: str) -> None:
    names = ["tx:1", "tx:", "tx", "1abc", "3abc", "multisig:1", "TX:1", "xtx:1", "ö"]
    kinds = wallet_kinds(pa.array(names, pa.large_string()), chain)
    assert kinds.tolist() == [PSEUDO, PSEUDO, *[OTHER] * 7]


def test_of_no_wallet_there_is_no_kind() -> None:
    assert wallet_kinds(pa.array([], pa.large_string()), "bitcoin").size == 0
