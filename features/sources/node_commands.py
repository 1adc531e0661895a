"""``walletrisk ingest --node``: from a node into a ledger or an endpoint, once or for good."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from features.commands import say
from features.errors import SourceError
from features.progress import progress
from features.sources.bitcoin.flows import ASSET
from features.sources.bitcoin.node import BitcoinNode
from features.sources.bitcoin.scripts import NETWORKS
from features.sources.ethereum.node import EthereumNode
from features.sources.ethereum.rules import EVM_CHAINS
from features.sources.file_commands import FileOptions
from features.sources.follow.follower import Followed, Follower
from features.sources.follow.kept import Kept, KeptClusters, KeptLabels
from features.sources.follow.nodes import Node
from features.sources.follow.state import StateFile
from features.sources.follow.targets import Endpoint, Folder
from features.sources.ingest import chain_of, counting_of
from features.sources.rpc import RpcError
from features.sources.web import UnreachableError

POLL_S = 2.0  # between two looks at a node that has nothing new
RETRY_S = 15.0  # where it cannot answer
_SHARED = (
    "asset", "chain", "unit_of_account", "prices", "price_max_age", "labels_out",
)  # fmt: skip  # with files
_OF_PRICES = ("columns", "time_unit", "timezone", "decimal")  # where there are any


class NodeOptions(NamedTuple):
    """Which blocks of which node; as the options of the command line."""

    url: str | None = None
    first: int | None = None
    last: int | None = None
    follow: bool = False
    state: Path | None = None
    clusters: Path | None = None


def _ethereum(url: str, chain: str, asset: str | None) -> Node:
    return EthereumNode(url, chain, asset=asset).as_node()


def _bitcoin(url: str, chain: str, asset: str | None) -> Node:
    if asset not in (None, ASSET):
        raise SourceError(f"a Bitcoin node knows {ASSET} only, not {asset!r}")
    return BitcoinNode(url, chain).as_node()


NODES: Mapping[str, Callable[[str, str, str | None], Node]] = {
    **dict.fromkeys(EVM_CHAINS, _ethereum),
    **{network.chain: _bitcoin for network in NETWORKS.values()},
}


def require_files(files: Sequence[Path] | None, node: NodeOptions) -> Sequence[Path]:
    """The files of a command that reads files; raises where there are none, or a node's options."""
    if not files or node != NodeOptions():
        raise SourceError("name the files to read, or a --node with its options")
    return files


def ingest_node(
    to: str,
    node: NodeOptions,
    options: FileOptions,
    as_json: bool,
    *,
    files: Sequence[Path] | None = None,
) -> None:
    """Read blocks of a node; with ``follow``, until it is stopped.

    Raises
    ------
    SourceError
        The options, or the state of an earlier run, do not fit, or the node cannot tell.
    """
    url, chain = _checked(node, options, files)
    folder = "://" not in to
    if folder:
        chain_of(Path(to), chain)
    elif options.unit_of_account or options.prices:
        raise SourceError("an endpoint counts as its ledger does; leave unit and prices out")
    counting = counting_of(options.unit_of_account, options.price_table())
    opened = NODES[chain](url, chain, options.asset)
    for note in opened.notes:
        sys.stderr.write(f"note: {note}\n")
    where = Folder(Path(to), counting._replace(chain=chain)) if folder else Endpoint(to)
    state = StateFile(state_path(to, node.state))
    kept = _kept(opened, options.labels_out, node.clusters)
    follower = Follower(opened.chain, where, state, first=node.first, asset=opened.asset, kept=kept)
    _turn(follower, node.last, as_json, kept)
    for reason, count in opened.left_out.items():
        sys.stderr.write(f"left out: {count} {reason}\n")
    while node.follow:
        time.sleep(POLL_S)
        try:
            _turn(follower, None, as_json, kept, quiet=True)
        except (UnreachableError, RpcError) as error:
            sys.stderr.write(f"{error}; trying again\n")
            time.sleep(RETRY_S)


def _checked(
    node: NodeOptions, options: FileOptions, files: Sequence[Path] | None
) -> tuple[str, str]:
    """URL and chain of a node; raises where options do not go together."""
    shared = {name: getattr(options, name) for name in _SHARED}
    if options.prices is not None and options.mapped("transfers") is None:
        shared |= {name: getattr(options, name) for name in _OF_PRICES}
    if node.url is None or options.chain is None or files or options != FileOptions(**shared):
        raise SourceError("--node needs --chain, and takes no files nor their options")
    if options.chain not in NODES:
        raise SourceError(f"no node of chain {options.chain!r} can be read; {', '.join(NODES)} can")
    if node.follow and node.last is not None:
        raise SourceError("--follow has no last block; leave --to-block out")
    return node.url, options.chain


def state_path(to: str, named: Path | None) -> Path:
    """Where a follower keeps how far it is: beside a ledger's folder, or where it is told to.

    Raises
    ------
    SourceError
        An endpoint has no folder here, so the file has to be named.
    """
    if named is not None:
        return named
    if "://" in to:
        raise SourceError("an endpoint has no folder here: name a file, --state FILE")
    folder = Path(to)
    return folder.with_name(f"{folder.name}.follow.json")


def _kept(node: Node, labels: Path | None, clusters: Path | None) -> list[Kept]:
    """Files to keep beside the ledger; raises where the chain does not tell what goes in them."""
    kept: list[Kept] = []
    if labels is not None:
        kept.append(KeptLabels(labels))
    if clusters is not None:
        kept.append(KeptClusters(clusters))
    if kept and not node.of_coins:
        raise SourceError(
            f"a node of {node.chain.name} tells of no CoinJoins and no common inputs; leave "
            "--labels-out and --clusters out"
        )
    return kept


def _turn(
    follower: Follower,
    last: int | None,
    as_json: bool,
    kept: Sequence[Kept],
    *,
    quiet: bool = False,
) -> Followed:
    begun = follower.progress.next
    with progress() as advance:
        done = follower.catch_up(
            last, lambda block, until: advance("blocks", block - begun + 1, until - begun + 1)
        )
    if done.blocks or done.undone or not quiet:
        beside = {name: fact for one in kept for name, fact in one.facts().items()}
        text = "\n".join([done.text(), *(one.text() for one in kept)])
        say(text, {**done.facts(), **beside}, as_json)
        sys.stdout.flush()
    return done
