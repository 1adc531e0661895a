"""One spelling a wallet: what people write becomes the canonical address of its chain.

A wallet that is written in two ways would be two wallets, and the second of them unknown. What is
no address of the chain, or has a wrong checksum, is refused: a typing mistake would be a wallet
that nobody has. Where the chain is not said, names are free, but what can only be an address of
Ethereum or Bitcoin is still written in one way.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts import spelling
from features.contracts.received import Problem, Received, show, suggest
from features.contracts.spelling import Rules, base58check, judge, settled
from features.contracts.text import Texts, as_chunks, as_text, bytes_of
from features.errors import AddressError, RiskError
from features.kernel import Int8s

Rows = npt.NDArray[np.int64]
Text: TypeAlias = "pa.LargeStringArray"


def _rules(family: int, versions: tuple[int, int] = (-1, -1), prefix: str = "") -> Rules:
    letters = np.frombuffer(prefix.encode(), dtype=np.uint8)
    return Rules(family, np.array(versions, dtype=np.int64), letters)


_FREE, _EVM = _rules(spelling.FREE), _rules(spelling.EVM)
_EVM_CHAINS = (
    "ethereum", "arbitrum", "avalanche", "base", "bsc", "celo", "ethereum-classic", "fantom",
    "gnosis", "linea", "optimism", "polygon", "scroll", "sepolia", "zksync",
)  # fmt: skip
# their addresses are taken as they are written
_FREE_CHAINS = (
    "algorand", "bank", "bitcoin-cash", "cardano", "cosmos", "dash", "dogecoin", "litecoin",
    "monero", "other", "polkadot", "ripple", "simulation", "solana", "stellar", "ton", "zcash",
)  # fmt: skip
CHAINS: dict[str, Rules] = {
    **dict.fromkeys(_EVM_CHAINS, _EVM),
    "bitcoin": _rules(spelling.BITCOIN, (0x00, 0x05), "bc"),
    "bitcoin-testnet": _rules(spelling.BITCOIN, (0x6F, 0xC4), "tb"),
    "bitcoin-regtest": _rules(spelling.BITCOIN, (0x6F, 0xC4), "bcrt"),
    "tron": _rules(spelling.TRON, (0x41, -1)),
    **dict.fromkeys(_FREE_CHAINS, _FREE),
}

_REMEMBERED = 4096  # texts, of a stream in which most come again
# what needs no second look, as features.contracts.spelling.settled says of many
_SETTLED = {
    spelling.EVM: re.compile(r"0x[0-9a-f]{40}"),
    spelling.FREE: re.compile(r"0x[0-9a-f]{40}|(?![0BT])[!-~](?:[ -~]*[!-~])?"),
}
# what our readers make up where a chain has no address: a transaction as a node, a bare multisig;
# and the wallets of what never was, by which the gate and attacks try a model on any chain
_MADE_UP = (
    r"^(?:(?:tx|multisig|script|key):[!-~]+|nonstandard[0-9a-f]{40}"
    r"|walletrisk-(?:gate|attack)/[!-~]+)$"
)
_EXPECTED = {
    spelling.EVM: "0x and 40 hexadecimal digits",
    spelling.BITCOIN: "base58 such as 1... or 3..., or bech32 such as bc1...",
    spelling.TRON: "base58 such as T..., or 41 and 40 hexadecimal digits",
}
_MISTAKES = {
    spelling.BAD_CASE: "has a wrong checksum: its capital letters are not those of EIP-55",
    spelling.BAD_CHECKSUM: "has a wrong checksum",
    spelling.OTHER_CHAIN: "is an address of another chain than {chain}",
    spelling.BAD_WITNESS: "has a right checksum, but is no witness program of BIP-141",
    spelling.EMPTY: "is empty",
    spelling.MIXED_CASE: "mixes capital and small letters, which bech32 does not allow",
}


class AddressProblem(NamedTuple):
    """Texts that are no address, and why."""

    mistake: int  # of those of features.contracts.spelling
    reason: str  # continues a sentence about one of them
    rows: Rows


class Spelled(NamedTuple):
    """Texts in their canonical spelling.

    Attributes
    ----------
    texts : large_string array or chunked array, shape (n,)
        Nulls stay, and so does what has a problem.
    changed : bool
        Whether any is not as received.
    problems : list of AddressProblem
        None of an empty text or a null.
    """

    texts: Any
    changed: bool
    problems: list[AddressProblem]


def rules_of(chain: str | None) -> Rules:
    """Rules of a chain's addresses; those of free names where it is None or empty.

    Raises
    ------
    RiskError
        There is no such chain in ``CHAINS``.
    """
    if not chain:
        return _FREE
    if chain not in CHAINS:
        raise RiskError(
            f"unknown chain {chain!r}{suggest(chain, CHAINS)}; there are {', '.join(CHAINS)}"
        )
    return CHAINS[chain]


def canonical(texts: Texts, chain: str | None = None) -> Spelled:
    """Write addresses in the one way that their chain has.

    Parameters
    ----------
    texts : sequence, Series or Arrow array of str, shape (n,)
    chain : str, optional
        A name of ``CHAINS``; without one, names are free.

    Returns
    -------
    Spelled

    Raises
    ------
    RiskError
        The chain is unknown.

    Notes
    -----
    20 ns for a text in lower-case hexadecimal digits or a free name; others are looked at once a
    distinct text, in about a microsecond.

    Examples
    --------
    >>> spelled = canonical(["0x52908400098527886E0F7030069857D2E4169EE7", " 0xabc"], "ethereum")
    >>> spelled.texts.to_pylist()
    ['0x52908400098527886e0f7030069857d2e4169ee7', ' 0xabc']
    >>> spelled.problems[0].reason
    'is no address of ethereum (0x and 40 hexadecimal digits)'
    """
    rules = rules_of(chain)
    chunks = as_chunks(texts)
    unsettled = [_unsettled(cast("Text", chunk), rules.family) for chunk in chunks.chunks]
    if not any(mask.any() for mask in unsettled):
        return Spelled(chunks, False, [])
    wanted = np.concatenate(unsettled)
    rows = np.flatnonzero(wanted)
    looked_at: Any = as_text(chunks).filter(pa.array(wanted)).dictionary_encode()
    distinct, found = _judged(looked_at.dictionary, rules)
    which = np.asarray(looked_at.indices.fill_null(-1))
    known = which >= 0
    of_row = np.zeros(which.size, dtype=np.int8)
    of_row[known] = found[which[known]]
    problems = [
        AddressProblem(mistake, reason, rows[of_row == mistake])
        for mistake, reason in _reasons(rules.family, chain)
        if (of_row == mistake).any()
    ]
    if distinct.equals(looked_at.dictionary):
        return Spelled(chunks, False, problems)
    written = pc.replace_with_mask(
        as_text(chunks), pa.array(wanted), distinct.take(looked_at.indices)
    )
    return Spelled(written, True, problems)


def canonical_one(text: str, chain: str | None = None) -> str:
    """:func:`canonical` of one text.

    Raises
    ------
    AddressError
        It is no address of the chain.

    Examples
    --------
    >>> canonical_one(" BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ ", "bitcoin")
    'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'
    """
    settled_text = _SETTLED.get(rules_of(chain).family)
    if settled_text is not None and settled_text.fullmatch(text):
        return text
    return _looked_at(text, chain)


def is_canonical(text: str, chain: str | None = None) -> bool:
    """Whether a text is an address of the chain in its canonical spelling."""
    try:
        return canonical_one(text, chain) == text
    except AddressError:
        return False


@lru_cache(_REMEMBERED)
def _looked_at(text: str, chain: str | None) -> str:
    spelled = canonical(pa.array([text], type=pa.large_string()), chain)
    for problem in spelled.problems:
        raise AddressError(f"{show(text)} {problem.reason}")
    return str(spelled.texts[0].as_py())


def wallets(received: Received, column: str) -> pd.Series:
    """Read a column of wallets of a frame under check, in their canonical spelling.

    What is no address makes its row a bad one.
    """
    return _spelled(received, column, received.chain)


def listed_wallets(received: Received, column: str) -> pd.Series:
    """:func:`wallets` of a list that may hold wallets of many chains.

    What is no address of the chain stays as it is: no wallet of the chain has that name.
    """
    return _spelled(received, column, received.chain, only=(spelling.BAD_CASE, spelling.EMPTY))


def assets(received: Received) -> pd.Series:
    """Read the column ``asset``: names are free, and a token's contract is spelled in one way."""
    return _spelled(received, "asset", None)


def _spelled(
    received: Received, column: str, chain: str | None, only: tuple[int, ...] | None = None
) -> pd.Series:
    """A column in its spelling; ``only`` says which mistakes make a bad row, None: all."""
    names = received.names(column)
    spelled = canonical(names, chain)
    for problem in spelled.problems:
        if only is not None and problem.mistake not in only:
            continue
        shown = [show(value) for value in received.frame[column].iloc[problem.rows].tolist()]
        received.problems.append(Problem(f"{column} {problem.reason}", problem.rows, shown))
    if not spelled.changed:
        return names
    return cast("pd.Series", spelled.texts.to_pandas().astype("str"))


def _unsettled(texts: Text, family: int) -> npt.NDArray[np.bool_]:
    """Mark texts that need a second look."""
    marks = np.zeros(len(texts), dtype=np.int8)
    settled(*bytes_of(texts), family, marks)
    unsettled: npt.NDArray[np.bool_] = (marks == 0) & np.asarray(texts.is_valid())
    return unsettled


def _judged(received: Text, rules: Rules) -> tuple[Text, Int8s]:
    """Distinct texts as they are to be written, and what was found of each."""
    texts: Any = pc.utf8_trim_whitespace(received)
    found = np.zeros(len(texts), dtype=np.int8)
    judge(*bytes_of(texts), rules, found)
    if rules.family != spelling.FREE:
        strange = np.flatnonzero(found >= spelling.NO_ADDRESS)
        made_up = pc.match_substring_regex(texts.take(strange), _MADE_UP)
        found[strange[np.asarray(made_up, dtype=bool)]] = spelling.FINE
    lower = found == spelling.LOWER
    bare = found == spelling.PREFIX
    texts = pc.if_else(pa.array(lower | bare), pc.ascii_lower(texts), texts)
    if bare.any():
        texts = pc.if_else(pa.array(bare), pc.utf8_replace_slice(texts, 0, 0, "0x"), texts)
    at = np.flatnonzero(found == spelling.TRON_HEX)
    if at.size:
        base58 = [_tron(str(text)) for text in texts.take(at).to_pylist()]
        mask = pa.array(found == spelling.TRON_HEX)
        texts = pc.replace_with_mask(texts, mask, pa.array(base58, type=pa.large_string()))
    kept = pa.array(found >= spelling.NO_ADDRESS)
    return pc.if_else(kept, received, texts), found


def _reasons(family: int, chain: str | None) -> Iterator[tuple[int, str]]:
    """Each mistake and what is said of it."""
    yield spelling.NO_ADDRESS, f"is no address of {chain} ({_EXPECTED.get(family, '')})"
    for mistake, reason in _MISTAKES.items():
        yield mistake, reason.format(chain=chain)


def _tron(digits: str) -> str:
    """Base58Check of an address in hexadecimal digits: 0x and 40, 41 and 40, or both before."""
    return base58check(0x41, bytes.fromhex(digits[-40:]))
