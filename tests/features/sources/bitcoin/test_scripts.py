"""Addresses of scripts: the examples of the standards, and every output of real blocks."""

import pytest

from features import SourceError
from features.sources.bitcoin.scripts import (
    MAIN,
    REGTEST,
    TEST,
    Network,
    joint,
    owner,
    owner_of_hex,
)

# the key of BIP 173's examples, and the first block's
KEY = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
HASH = "751e76e8199196d454941c45d1b3a323f1433bd6"
PROGRAM = "1863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262"
OLD_KEY = (
    "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e5"
    "1ec112de5c384df7ba0b8d578a4c702b6bf11d5f"
)


@pytest.mark.parametrize(
    ("script", "network", "name"),
    [
        (f"76a914{HASH}88ac", MAIN, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"),
        (f"76a914{HASH}88ac", TEST, "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r"),
        (f"a914{HASH}87", MAIN, "3CNHUhP3uyB9EUtRLsmvFUmvGdjGdkTxJw"),
        (f"0014{HASH}", MAIN, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        (f"0014{HASH}", REGTEST, "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"),
        (f"0020{PROGRAM}", TEST, "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7"),
        (f"5120{KEY[2:]}", MAIN, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
        (f"21{KEY}ac", MAIN, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"),
        (f"41{OLD_KEY}ac", MAIN, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        (f"5121{KEY}51ae", MAIN, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"),
    ],
)
def test_addresses_are_those_of_the_standards(script: str, network: Network, name: str) -> None:
    assert owner(bytes.fromhex(script), network) == name


def test_keys_of_several_are_one_owner_in_any_order() -> None:
    both = joint(["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"])
    for keys in (f"21{KEY}41{OLD_KEY}", f"41{OLD_KEY}21{KEY}"):
        assert owner(bytes.fromhex(f"51{keys}52ae")) == both
    assert both.startswith("multisig:")
    assert len(both) == len("multisig:") + 40


def test_what_cannot_be_spent_is_nobody_s() -> None:
    assert owner(bytes.fromhex("6a026869")) is None


@pytest.mark.parametrize("script", ["", "51", "ae", "5151ae", f"51{KEY}51ae", f"5121{KEY}52ae"])
def test_other_scripts_are_named_by_their_hash(script: str) -> None:
    name = owner(bytes.fromhex(script))
    assert name is not None
    assert name.startswith("nonstandard")
    assert len(name) == len("nonstandard") + 40


def test_what_is_not_hex_is_refused() -> None:
    with pytest.raises(SourceError, match="'zz' is not in hex"):
        owner_of_hex("zz")
