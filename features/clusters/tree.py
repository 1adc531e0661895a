"""A merge tree with times: union by size, no path compression.

Every link of a root below another carries the time of the transaction that showed both to be one
owner's, and links are made in order of time, so times grow towards the root. The cluster of a
wallet as of t is found by climbing while links are older than t: at most log2(n) of them. The
latest links are the ones to undo, so that late and retracted transactions are a pop and a replay.
(Partially persistent union-find: Mannila and Ukkonen, "The set union problem with backtracking",
ICALP 1986.)

A root's links are a list from the latest to the first, with pointers that skip (Myers, "An
applicative random-access stack", 1983), so that its size as of t takes log2 of their number.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Int32s, Int64s, inner_kernel, kernel

NEVER = np.iinfo(np.int64).max
NONE = -1


class Tree(NamedTuple):
    """Wallets by code; a root is its own parent.

    Attributes
    ----------
    parent : int32 array, shape (wallets,)
    since : int64 array, shape (wallets,), microseconds
        When it was linked below its parent, ``NEVER`` for a root.
    latest : int32 array, shape (wallets,)
        The latest link to it, ``NONE`` without one.
    """

    parent: Int32s
    since: Int64s
    latest: Int32s


class Links(NamedTuple):
    """Links in the order in which they were made; each array has room for one less than wallets.

    Attributes
    ----------
    child : int32 array
        Below its parent.
    spend : int32 array
        Which spend showed it.
    size : int32 array
        Wallets below the parent, itself included, from then on.
    before : int32 array
        The link to the same parent before this one, ``NONE`` for its first.
    skip : int32 array
        One of those before, itself where there is none.
    rank : int32 array
        How many there are before.
    """

    child: Int32s
    spend: Int32s
    size: Int32s
    before: Int32s
    skip: Int32s
    rank: Int32s


def empty_tree(wallets: int) -> tuple[Tree, Links]:
    """A tree in which every wallet is by itself."""
    tree = Tree(
        np.arange(wallets, dtype=np.int32),
        np.full(wallets, NEVER),
        np.full(wallets, NONE, dtype=np.int32),
    )
    return tree, Links(*(np.empty(wallets, dtype=np.int32) for _ in Links._fields))


@inner_kernel
def find(tree: Tree, wallet: int, instant: int) -> int:
    """Root of a wallet's cluster by the links made before an instant."""
    parent, since = tree.parent, tree.since
    while since[wallet] < instant:
        wallet = parent[wallet]
    return wallet


@inner_kernel
def link_before(tree: Tree, links: Links, root: int, instant: int) -> int:
    """The latest link to a root made before an instant, ``NONE`` without one."""
    since, at = tree.since, tree.latest[root]
    while at != NONE and since[links.child[at]] >= instant:
        skip = links.skip[at]
        far = skip != at and since[links.child[skip]] >= instant
        at = skip if far else links.before[at]
    return int(at)


@inner_kernel
def size_of(tree: Tree, links: Links, wallet: int, instant: int) -> int:
    """How many wallets are in a wallet's cluster by the links made before an instant."""
    at = link_before(tree, links, find(tree, wallet, instant), instant)
    return 1 if at == NONE else links.size[at]


@inner_kernel
def _size(tree: Tree, links: Links, root: int) -> int:
    at = tree.latest[root]
    return 1 if at == NONE else links.size[at]


@inner_kernel
def _link(tree: Tree, links: Links, root: int, child: int, made: int) -> None:
    """Fill what is known of link number ``made``; its spend and time are not."""
    before = tree.latest[root]
    links.child[made] = child
    links.size[made] = _size(tree, links, root) + _size(tree, links, child)
    links.before[made] = before
    links.skip[made], links.rank[made] = made, 0
    if before != NONE:
        links.rank[made] = links.rank[before] + 1
        skip = links.skip[before]
        far = links.skip[skip]
        same = links.rank[before] - links.rank[skip] == links.rank[skip] - links.rank[far]
        links.skip[made] = far if same else before
    tree.parent[child], tree.latest[root] = root, made


@kernel
def grow(
    tree: Tree, links: Links, made: int, time: Int64s, first: Int64s, wallet: Int32s, begin: int
) -> int:
    """Link the wallets of spends from number ``begin`` on, in order of time; links made in all.

    Parameters
    ----------
    tree, links : Tree, Links
        Filled.
    made : int
        Links so far.
    time, first, wallet : arrays
        See :class:`features.clusters.spends.Spends`.
    begin : int
    """
    for spend in range(begin, time.size):
        root = find(tree, wallet[first[spend]], NEVER)
        for k in range(first[spend] + 1, first[spend + 1]):
            other = find(tree, wallet[k], NEVER)
            if other == root:
                continue
            if _size(tree, links, root) < _size(tree, links, other):
                root, other = other, root
            _link(tree, links, root, other, made)
            links.spend[made], tree.since[other] = spend, time[spend]
            made += 1
    return made


@kernel
def cut_back(tree: Tree, links: Links, made: int, spend: int) -> int:
    """Undo the links of spends from number ``spend`` on, the latest first; links that are left."""
    while made and links.spend[made - 1] >= spend:
        made -= 1
        child = links.child[made]
        tree.latest[tree.parent[child]] = links.before[made]
        tree.parent[child], tree.since[child] = child, NEVER
    return made


@kernel
def roots(tree: Tree, wallets: Int32s, instants: Int64s, out: Int32s) -> None:
    """Fill ``out`` (n,) with the root of each wallet's cluster as of its instant."""
    for i in range(out.size):
        out[i] = find(tree, wallets[i], instants[i])


@kernel
def sizes(tree: Tree, links: Links, wallets: Int32s, instants: Int64s, out: Int64s) -> None:
    """Fill ``out`` (n,) with the size of each wallet's cluster as of its instant."""
    for i in range(out.size):
        out[i] = size_of(tree, links, wallets[i], instants[i])


@kernel
def members(tree: Tree, links: Links, root: int, instant: int, out: Int32s) -> None:
    """Fill ``out``, as large as the cluster of a root as of an instant, with its wallets."""
    out[0], used, at = root, 1, 0
    while at < used:
        link = link_before(tree, links, out[at], instant)
        while link != NONE:
            out[used] = links.child[link]
            used += 1
            link = links.before[link]
        at += 1


@kernel
def foreign_merges(tree: Tree, links: Links, made: int, owner: Int32s, out: Int32s) -> int:
    """Links that joined clusters of two known owners, which cannot be; their number.

    Parameters
    ----------
    tree, links : Tree, Links
    made : int
    owner : int32 array, shape (wallets,)
        Who a wallet is known to belong to, 0 where that is not known. A root takes it over from
        what is linked below it, and keeps its own.
    out : int32 array, shape (made,)
        Filled with the numbers of such links.
    """
    found = 0
    for link in range(made):
        child = links.child[link]
        root = tree.parent[child]
        if owner[root] == 0:
            owner[root] = owner[child]
        elif owner[child] != 0 and owner[child] != owner[root]:
            out[found] = link
            found += 1
    return found


@kernel
def within(tree: Tree, links: Links, time: Int64s, wallet: int, most: int) -> int:
    """The latest instant as of which a wallet's cluster has at most so many wallets.

    ``time`` (spends,) is when the spends were, in order; ``NEVER`` where it always has.
    """
    first, end = 0, time.size
    while first < end:
        middle = (first + end) >> 1
        if size_of(tree, links, wallet, time[middle] + 1) <= most:
            first = middle + 1
        else:
            end = middle
    return time[first] if first < time.size else NEVER


@kernel
def joined(tree: Tree, wallet: int, others: Int32s, out: Int64s) -> None:
    """Fill ``out`` (n,) with when each of others in a wallet's cluster came to be in one with it.

    That is the latest link on the way between the two; the least int64 for the wallet itself.
    """
    parent, since = tree.parent, tree.since
    for i in range(others.size):
        one, other, latest = wallet, others[i], np.iinfo(np.int64).min
        while one != other:
            if since[one] > since[other]:
                one, other = other, one
            latest = max(latest, since[one])
            one = parent[one]
        out[i] = latest
