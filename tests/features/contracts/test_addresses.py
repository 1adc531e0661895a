"""Addresses: one spelling a wallet, right checksums, and nothing else changed."""

import hashlib
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.contracts.addresses import CHAINS, canonical, canonical_one, wallets
from features.contracts.labels import check_labels
from features.contracts.prices import check_prices
from features.contracts.received import Received
from features.contracts.spine import check_spine
from features.contracts.transfers import check_transfers
from features.errors import AddressError, LabelsError, RiskError, SpineError, TransfersError
from features.kernel import kernel
from features.kernel.checksums import (
    KECCAK_LANES,
    LONGEST_KECCAK,
    LONGEST_SHA256,
    SHA3,
    SHA256_WORDS,
    keccak,
    sha256,
)
from tests.naive import addresses as plain
from training.attacks.moves import FRESH
from training.gate.future import INVENTED

# the examples of EIP-55
MIXED = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
ONE_CASE = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
]
# of BIP-173 and BIP-350: address, whether it is one of Bitcoin
WITNESS = {
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4": True,
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y": True,
    "BC1SW50QGDZ25J": True,
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs": True,
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0": True,
    "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut": False,
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd": False,
    "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL": False,
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh": False,
    "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4": False,
    "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R": False,
    "bc1pw5dgrnzv": False,
    "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P": False,
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf": False,
    "bc1gmk9yu": False,
}
TETHER = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
TETHER_HEX = "a614f803b6fd780986a42c78ec9c7f77e6ded13c"


def one(text: str, chain: str | None) -> str | None:
    """Canonical spelling, None where it is refused."""
    try:
        return canonical_one(text, chain)
    except AddressError:
        return None


@kernel
def hashed(message: np.ndarray, size: int, room: np.ndarray, which: int) -> None:
    """Call the inner kernels, which only kernels may."""
    if which:
        keccak(message, size, SHA3, room)
    else:
        sha256(message, size, room)


@given(st.binary(max_size=LONGEST_SHA256))
def test_sha256_is_that_of_the_library(message: bytes) -> None:
    room = np.full(SHA256_WORDS, 7, dtype=np.uint64)
    hashed(np.frombuffer(bytearray(message + b"x"), dtype=np.uint8), len(message), room, 0)
    digest = b"".join(int(word).to_bytes(4, "big") for word in room[64:72])
    assert digest == hashlib.sha256(message).digest()


@given(st.binary(max_size=LONGEST_KECCAK))
def test_keccak_with_the_padding_of_the_standard_is_that_of_the_library(message: bytes) -> None:
    room = np.full(KECCAK_LANES, 7, dtype=np.uint64)
    hashed(np.frombuffer(bytearray(message + b"x"), dtype=np.uint8), len(message), room, 1)
    assert room[:4].astype("<u8").tobytes() == hashlib.sha3_256(message).digest()


@pytest.mark.parametrize("chain", [None, "ethereum"])
@pytest.mark.parametrize("text", [*MIXED, *ONE_CASE])
def test_every_spelling_of_an_ethereum_address_is_one(text: str, chain: str | None) -> None:
    digits = text[2:]
    others = (digits.lower(), digits.upper(), digits)
    spellings = [f"0x{other}" for other in others] + [f" 0X{other}\t" for other in others]
    assert {one(spelling, chain) for spelling in spellings} == {text.lower()}


@pytest.mark.parametrize("chain", [None, "ethereum"])
@pytest.mark.parametrize("text", MIXED)
def test_a_letter_in_another_case_is_refused_wherever_it_is(text: str, chain: str | None) -> None:
    letters = [at for at, letter in enumerate(text) if at > 1 and letter.isalpha()]
    wrong = [text[:at] + text[at].swapcase() + text[at + 1 :] for at in letters]
    assert [one(each, chain) for each in wrong] == [None] * len(wrong)


def test_digits_without_0x_are_an_address_where_the_chain_says_so() -> None:
    assert one(MIXED[0][2:], "polygon") == MIXED[0].lower()
    assert one(MIXED[0][2:], None) == MIXED[0][2:]
    assert one(MIXED[0][:-1], "ethereum") is None
    assert one(MIXED[0][:-1] + "g", "ethereum") is None


@pytest.mark.parametrize(("text", "is_address"), WITNESS.items())
def test_witness_addresses_of_the_published_examples(text: str, is_address: bool) -> None:
    assert one(text, "bitcoin") == (text.lower() if is_address else None)
    assert plain.canonical(text, "bitcoin") == one(text, "bitcoin")


@pytest.mark.parametrize("text", WITNESS)
def test_capitals_of_a_right_witness_address_become_small_without_a_chain(text: str) -> None:
    assert one(text, None) == (text.lower() if WITNESS[text] else text)


@given(st.sampled_from(["bitcoin", "bitcoin-regtest", "tron"]), st.data())
def test_addresses_and_their_typing_mistakes_are_judged_as_in_plain_python(
    chain: str, data: st.DataObject
) -> None:
    versions = st.sampled_from([0x00, 0x05, 0x41, 0x6F, 0xC4, 0x30])
    hashes = st.one_of(st.binary(min_size=20, max_size=20), st.just(bytes(20)))
    old = st.builds(
        lambda version, body: plain.base58check(bytes([version]) + body), versions, hashes
    )
    new: st.SearchStrategy[str] = st.builds(
        plain.bech32,
        st.sampled_from(["bc", "bcrt"]),
        st.integers(0, 17),
        st.binary(min_size=1, max_size=41),
    )
    text = data.draw(st.one_of(old, new))
    changes: list[Callable[[str], str]] = [str, str.upper, str.lower]
    change = data.draw(st.sampled_from(changes))
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from([text[at], "1", "q", "Z", "é", ""]))
    text = change(text[:at] + letter + text[at + 1 :])
    assert one(text, chain) == plain.canonical(text, chain)


def test_an_address_of_another_chain_is_called_that() -> None:
    with pytest.raises(AddressError, match=r"'1A1z.*is an address of another chain than tron"):
        canonical_one("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "tron")
    with pytest.raises(AddressError, match=r"'1A1z.*has a wrong checksum$"):
        canonical_one("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "bitcoin")


@pytest.mark.parametrize(
    "text", [TETHER, f"41{TETHER_HEX}", f"0x{TETHER_HEX}", f"0x41{TETHER_HEX}", f" {TETHER} "]
)
def test_every_spelling_of_a_tron_address_is_one(text: str) -> None:
    assert one(text, "tron") == TETHER
    assert one(text.lower() if "T" in text else text[:-1], "tron") is None


@pytest.mark.parametrize(
    "name",
    [
        "tx:" + "0" * 64,
        "multisig:" + "a" * 40,
        "nonstandard" + "b" * 40,
        "script:0014",
        f"{INVENTED}0",
        f"{FRESH}0.1",
    ],
)
def test_what_our_readers_make_up_stays(name: str) -> None:
    assert {one(name, chain) for chain in ("bitcoin", "ethereum", "tron", None)} == {name}
    assert one(name.replace(":", " ").replace("standard", "").replace("/", " "), "bitcoin") is None


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)))
def test_free_names_are_stripped_and_no_more(names: list[str]) -> None:
    stripped = [pa.scalar(name).as_py().strip() for name in names]
    spelled = canonical(names)
    kept = spelled.texts.to_pylist()
    empty = [row for problem in spelled.problems for row in problem.rows.tolist()]
    assert {problem.reason for problem in spelled.problems} <= {"is empty"}
    assert [text for row, text in enumerate(kept) if row not in empty] == [
        text for row, text in enumerate(stripped) if row not in empty
    ]
    assert empty == [row for row, text in enumerate(stripped) if not text]


@given(st.lists(st.sampled_from([*MIXED, *ONE_CASE, "0xabc", "", " x "]), max_size=12))
def test_a_column_is_spelled_as_its_texts_are(texts: list[str]) -> None:
    chunked = pa.chunked_array([texts[:3], texts[3:]], type=pa.large_string())
    for chain in (None, "ethereum"):
        spelled = canonical(chunked, chain)
        bad = {int(row) for problem in spelled.problems for row in problem.rows}
        assert [
            None if row in bad else text for row, text in enumerate(spelled.texts.to_pylist())
        ] == [one(text, chain) if text else text for text in texts]


def test_what_is_canonical_is_handed_back_untouched() -> None:
    names = pd.Series([*(text.lower() for text in MIXED), "w1"], dtype="str")
    assert not canonical(names).changed
    received = Received(names.to_frame("wallet"), "spine", SpineError)
    assert wallets(received, "wallet").array is received.frame["wallet"].array


def test_missing_texts_stay_missing() -> None:
    spelled = canonical(pa.array([None, MIXED[0], None], type=pa.large_string()), "ethereum")
    assert spelled.texts.to_pylist() == [None, MIXED[0].lower(), None]
    assert spelled.problems == []


def test_an_unknown_chain_is_refused_with_the_list() -> None:
    with pytest.raises(
        RiskError, match=r"'etherum' \(did you mean 'ethereum'\?\); there are .*tron"
    ):
        canonical_one("0xabc", "etherum")
    assert {"ethereum", "bitcoin", "tron", "bank", "other"} <= set(CHAINS)


def frame(sender: str) -> pd.DataFrame:
    """One transfer."""
    return pd.DataFrame(
        {
            "tx_id": "t1",
            "timestamp": pd.to_datetime(["2026-01-01T00:00Z"]),
            "sender": sender,
            "recipient": ONE_CASE[0],
            "amount": 1.0,
            "asset": "ETH",
        }
    )


def test_transfers_labels_and_spines_meet_in_one_spelling() -> None:
    both = [MIXED[0], MIXED[0].lower()]
    labels = pd.DataFrame(
        {"wallet": both, "label": ["illicit", "licit"], "known_at": "2026-01-01T00:00Z"}
    )
    spine = pd.DataFrame({"wallet": both, "as_of": "2026-01-01T00:00Z"})
    assert check_transfers(frame(MIXED[0]))["sender"].tolist() == [MIXED[0].lower()]
    assert check_labels(labels).attrs["conflicts"] == [MIXED[0].lower()]
    assert check_spine(spine)["wallet"].nunique() == 1


def test_labels_of_many_chains_may_be_in_one_list() -> None:
    lists = [f"41{TETHER_HEX}", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", MIXED[0], "Mt. Gox"]
    labels = pd.DataFrame({"wallet": lists, "label": "illicit", "known_at": "2026-01-01T00:00Z"})
    assert check_labels(labels, chain="tron")["wallet"].tolist()[:2] == [TETHER, lists[1]]
    ethereum = check_labels(labels, chain="ethereum")["wallet"].tolist()
    assert ethereum[2:] == [MIXED[0].lower(), "Mt. Gox"]
    wrong = labels.replace(MIXED[0], MIXED[0].replace("Aed", "aed"))
    with pytest.raises(LabelsError, match="EIP-55 in 1 row"):
        check_labels(wrong, chain="ethereum")


def test_a_wrong_checksum_makes_a_bad_row_with_its_reason() -> None:
    wrong = MIXED[0].replace("Aed", "aed")
    with pytest.raises(TransfersError, match=r"sender has a wrong checksum: .*EIP-55 in 1 row"):
        check_transfers(frame(wrong))
    good, bad = check_transfers(frame(wrong), "quarantine")
    assert len(good) == 0
    assert bad["sender"].tolist() == [wrong]


def test_a_frame_is_trusted_for_the_chain_that_it_was_checked_for_alone() -> None:
    free = check_transfers(frame("w1"))
    assert check_transfers(free) is free
    with pytest.raises(TransfersError, match="sender is no address of ethereum"):
        check_transfers(free, chain="ethereum")
    of_chain = check_transfers(frame(MIXED[0]), chain="ethereum")
    assert check_transfers(of_chain, chain="ethereum") is of_chain
    assert check_transfers(of_chain) is of_chain


def test_frames_of_other_libraries_are_taken_over() -> None:
    table = pa.table(
        {
            "tx_id": ["t1"],
            "timestamp": pa.array([1_700_000_000_000_000], pa.timestamp("us", "UTC")),
            "sender": [MIXED[0]],
            "recipient": ["w"],
            "amount": [1.0],
            "asset": ["ETH"],
        }
    )
    assert check_transfers(table)["sender"].tolist() == [MIXED[0].lower()]  # type: ignore[call-overload]


def test_a_token_is_one_asset_in_every_spelling() -> None:
    spelled = frame("w1").assign(asset=MIXED[0])
    assert check_transfers(spelled)["asset"].tolist() == [MIXED[0].lower()]
    prices = pd.DataFrame({"asset": MIXED[:1], "timestamp": "2026-01-01T00:00Z", "price": 1.0})
    assert check_prices(prices)["asset"].tolist() == [MIXED[0].lower()]
