"""What payers of a transaction gave, split among its payees in whole satoshi."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import Int32s, Int64s, inner_kernel, kernel

NODE = -1  # code of the transaction itself


class Nets(NamedTuple):
    """What each owner gained or lost in each transaction, in order of transaction and owner.

    Attributes
    ----------
    first : int64 array, shape (n + 1,)
        Those of transaction i are ``[first[i], first[i + 1])``.
    owner : int32 array, shape (m,)
    value : int64 array, shape (m,), satoshi
        Never 0.
    """

    first: Int64s
    owner: Int32s
    value: Int64s


class Rows(NamedTuple):
    """Transfers by code, in order of transaction, sender and recipient.

    Attributes
    ----------
    transaction : int64 array, shape (m,)
    sender, recipient : int32 arrays, shape (m,)
        Codes of owners, ``NODE`` for the transaction itself.
    amount, fee : int64 arrays, shape (m,), satoshi
    """

    transaction: Int64s
    sender: Int32s
    recipient: Int32s
    amount: Int64s
    fee: Int64s

    def at(self, rows: npt.NDArray[Any] | slice) -> "Rows":
        """Some of them."""
        return Rows(
            self.transaction[rows], self.sender[rows], self.recipient[rows],
            self.amount[rows], self.fee[rows],
        )  # fmt: skip


class Paid(NamedTuple):
    """Working memory for one transaction: what its payees are still to get, and who they are.

    Attributes
    ----------
    left : int64 array, satoshi
        The last that counts is the fee.
    whom : int32 array
    """

    left: Int64s
    whom: Int32s


def split(found: Nets, burnt: Int64s, fees: Int64s, node: npt.NDArray[np.bool_]) -> Rows:
    """Transfers of each transaction, see :mod:`features.sources.bitcoin.flows`.

    Parameters
    ----------
    found : Nets
    burnt, fees : int64 arrays, shape (n,), satoshi
    node : bool array, shape (n,)
        Which transactions stand between payers and payees.
    """
    most = _most_rows(found, node)
    codes = [np.empty(most, dtype=np.int32) for _ in range(2)]
    numbers = [np.empty(most, dtype=np.int64) for _ in range(3)]
    out = Rows(numbers[0], codes[0], codes[1], numbers[1], numbers[2])
    used = _split(found, burnt, fees, node, out)
    return out.at(slice(used))


@kernel
def _most_rows(found: Nets, node: npt.NDArray[np.bool_]) -> int:
    """Upper bound of the rows: a row a pair, counting what is burnt as one, or a row a member."""
    most = 0
    for t in range(node.size):
        payers = 0
        for k in range(found.first[t], found.first[t + 1]):
            payers += found.value[k] < 0
        payees = found.first[t + 1] - found.first[t] - payers + 1
        most += payers + payees if node[t] else payers * payees
    return most


@kernel
def _split(found: Nets, burnt: Int64s, fees: Int64s, node: npt.NDArray[np.bool_], out: Rows) -> int:
    """Fill ``out`` (m,), and say how many rows that took."""
    used, members = 0, 0
    for t in range(node.size):
        members = max(members, found.first[t + 1] - found.first[t])
    paid = Paid(np.empty(members + 2, dtype=np.int64), np.empty(members + 2, dtype=np.int32))
    for t in range(node.size):
        payees = 0 if node[t] else _list_payees(found, t, paid)
        paid.whom[payees] = NODE
        paid.left[payees] = burnt[t] + (_gained(found, t) if node[t] else 0)
        paid.left[payees + 1] = fees[t]
        used = _pay(found, t, paid, payees + 1, used, out)
        if node[t]:
            used = _pass_on(found, t, used, out)
    return used


@inner_kernel
def _list_payees(found: Nets, t: int, paid: Paid) -> int:
    """Fill whom a transaction pays and how much, and say how many they are."""
    n = 0
    for k in range(found.first[t], found.first[t + 1]):
        if found.value[k] > 0:
            paid.left[n], paid.whom[n] = found.value[k], found.owner[k]
            n += 1
    return n


@inner_kernel
def _gained(found: Nets, t: int) -> int:
    """What all payees of a transaction get."""
    total = 0
    for k in range(found.first[t], found.first[t + 1]):
        total += max(found.value[k], 0)
    return total


@inner_kernel
def _pay(found: Nets, t: int, paid: Paid, fee: int, used: int, out: Rows) -> int:
    """Write what each payer pays to each payee, and of the fee, at place ``fee``.

    A payer's value is split by the sums of what is left up to each payee, rounded down: so it is
    used up, and no payee gets more than is left for it.
    """
    left, total = paid.left, 0
    for j in range(fee + 1):
        total += left[j]
    to_itself = total == left[fee]
    for k in range(found.first[t], found.first[t + 1]):
        given, payer, begin = -found.value[k], found.owner[k], used
        if given < 0:
            continue
        upto, gone = 0, 0
        for j in range(fee + 1):
            upto += left[j]
            part = proportion(given, upto, total) - gone
            gone += part
            left[j] -= part
            if part > 0 and j < fee:
                used = _write(out, used, t, payer, paid.whom[j], part)
            elif part > 0:
                if used == begin:  # too little for a whole satoshi to anybody
                    used = _write(out, used, t, payer, payer if to_itself else paid.whom[0], 0)
                out.fee[begin] = part
        total -= given
    return used


@inner_kernel
def _pass_on(found: Nets, t: int, used: int, out: Rows) -> int:
    """Write what a transaction that stands between passes on."""
    for k in range(found.first[t], found.first[t + 1]):
        if found.value[k] > 0:
            used = _write(out, used, t, NODE, found.owner[k], found.value[k])
    return used


@inner_kernel
def _write(out: Rows, row: int, t: int, sender: int, recipient: int, amount: int) -> int:
    """Write one transfer without a fee; the number of rows after it."""
    out.transaction[row], out.sender[row], out.recipient[row] = t, sender, recipient
    out.amount[row], out.fee[row] = amount, 0
    return row + 1


@inner_kernel
def proportion(given: int, part: int, whole: int) -> int:
    """``given * part // whole`` for ``0 <= given, part <= whole < 2**52``, with ``whole > 0``.

    The product has up to 104 bits. The quotient in floating point is off by a few, so that what
    is left of the product, exact in arithmetic modulo 2**64, says by how many.
    """
    guess = int(float(given) * float(part) / float(whole))
    rest = given * part - guess * whole
    while rest < 0:
        guess -= 1
        rest += whole
    while rest >= whole:
        guess += 1
        rest -= whole
    return guess
