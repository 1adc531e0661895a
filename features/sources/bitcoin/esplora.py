"""Transactions as esplora and mempool.space answer them over REST, saved as JSON.

Files of ``/block/:hash/txs[/:start]`` (25 a page), ``/address/:address/txs`` or ``/tx/:txid``. Each
input comes with what it spends; values are satoshi. Transactions that no block holds yet are left
out.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from features.errors import RiskError, SourceError
from features.json_file import read_json
from features.sources.bitcoin.collected import Collected, Spent
from features.sources.bitcoin.records import Found
from features.sources.bitcoin.scripts import MAIN, REGTEST, TEST, Network, owner_of_hex

UNCONFIRMED = "transactions that no block holds yet"


def esplora(paths: Sequence[Path]) -> Found:
    """Transactions of pages.

    Parameters
    ----------
    paths : sequence of Path
        A transaction that several pages hold counts once.

    Raises
    ------
    SourceError
        A file is no such page, or an input lacks what it spends.
    """
    found, left_out = Collected(), 0
    seen: set[str] = set()
    for path in paths:
        for one in _page(path):
            try:
                if one["txid"] in seen:
                    continue
                seen.add(one["txid"])
                if one["status"]["confirmed"]:
                    _add(found, one)
                else:
                    left_out += 1
            except (KeyError, TypeError, ValueError) as error:
                raise SourceError(
                    f"{path}: a transaction is not as esplora answers it: {error!r}"
                ) from None
    return Found(found.records(), {UNCONFIRMED: left_out} if left_out else {})


def _page(path: Path) -> list[Mapping[str, Any]]:
    try:
        page = read_json(path)
    except RiskError as error:
        raise SourceError(str(error)) from None
    return page if isinstance(page, list) else [page]


def _add(found: Collected, one: Mapping[str, Any]) -> None:
    status = one["status"]
    inputs = [] if one["vin"][0]["is_coinbase"] else [_coin(each["prevout"]) for each in one["vin"]]
    outputs = [_coin(each) for each in one["vout"]]
    found.add(one["txid"], status["block_time"], status["block_height"], inputs, outputs)


def _coin(output: Mapping[str, Any] | None) -> Spent:
    if output is None:
        return Spent(None, None)
    if not isinstance(output["value"], int):
        raise TypeError(f"value {output['value']!r} is no number of satoshi")
    network = _network(output.get("scriptpubkey_address"))
    return Spent(owner_of_hex(output["scriptpubkey"], network), output["value"])


def _network(address: str | None) -> Network:
    """The network of an address; the main one where there is none."""
    if address is None or address[0] in "13" or address.startswith("bc1"):
        return MAIN
    return REGTEST if address.startswith("bcrt1") else TEST
