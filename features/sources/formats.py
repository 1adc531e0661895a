"""The door for files: whatever their format, what comes in keeps the contracts.

``FORMATS`` are ours; a guest's come from the entry points ``walletrisk.sources``. A new one takes a
module with its reader, a test, and a line in ``FORMATS``.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pandas as pd

from features.contracts.labels import check_labels
from features.contracts.received import Received
from features.contracts.times import latest_allowed
from features.contracts.transfers import OnError, check_received
from features.errors import SourceError, TransfersError
from features.guests import SOURCE_GROUP, installed_names, load_installed
from features.sources.amlsim import read_amlsim
from features.sources.bitcoin.formats import BITCOIN, reader
from features.sources.ethereum.files import read_ethereum
from features.sources.files import load_transfers
from features.sources.guards import require_plausible
from features.sources.writing import Writing

Options = Mapping[str, Any]


class Reader(Protocol):
    """Reads the files of one format.

    It gets their paths in the order named, and those of the options ``columns`` (a map, contract
    name to the file's name), ``asset``, and ``time_unit``, ``timezone``, ``unit`` and ``decimal``
    (:class:`features.sources.writing.Writing`) that the user set: a reader takes the ones it has a
    use for as keywords, and any other is refused. One that takes ``chain`` gets the chain's name;
    wallets may be in any of its spellings.

    It returns transfers and, where the files hold them, labels, as frames that
    :func:`features.check_transfers` and :func:`features.check_labels` accept; they are checked
    after it, so that it need not. What is wrong with a file, it raises as a ``SourceError``; what
    it leaves out by the rules of its format, it counts in the transfers' ``attrs["left_out"]``, by
    reason, and what else should be known, it says in ``attrs["notes"]``.
    """

    def __call__(
        self, paths: Sequence[Path], /, *_: Any, **options: Any
    ) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        """Read transfers and labels, if there are any."""


class Source(NamedTuple):
    """What files held, checked.

    Attributes
    ----------
    transfers : DataFrame
        As :func:`features.check_transfers` returns them.
    labels : DataFrame or None
        As :func:`features.check_labels` returns them; None where the format has none.
    bad : DataFrame or None
        With "quarantine", the bad rows of the transfers, each with its ``reason``.
    left_out : mapping of str to int
        What the reader left out by the rules of its format, by reason.
    notes : sequence of str
        What else should be known of it, a sentence each.
    """

    transfers: pd.DataFrame
    labels: pd.DataFrame | None = None
    bad: pd.DataFrame | None = None
    left_out: Mapping[str, int] = {}
    notes: Sequence[str] = ()


class Reading(NamedTuple):
    """How to read: what becomes of bad rows, who hears of the number of rows read, which chain."""

    on_error: OnError = "raise"
    on_batch: Callable[[int], None] | None = None
    chain: str | None = None


SIMPLY = Reading()

Format = Callable[[Sequence[Path], Options, Reading], Source]


def checked(reader: Reader) -> Format:
    """Put the contracts behind a reader."""

    def read(paths: Sequence[Path], options: Options, how: Reading) -> Source:
        _require_taken(reader, options)
        wants_chain = how.chain and "chain" in inspect.signature(reader).parameters
        of_chain = {"chain": how.chain} if wants_chain else {}
        received, labels = reader(paths, **options, **of_chain)
        if how.on_batch is not None:
            how.on_batch(len(received))
        known = None if labels is None else check_labels(labels, chain=how.chain)
        said = received.attrs.pop("left_out", {}), received.attrs.pop("notes", ())
        under_check = Received(received, "transfers", TransfersError, chain=how.chain)
        under_check.not_after = latest_allowed()
        checked = check_received(under_check, how.on_error)
        if isinstance(checked, pd.DataFrame):
            require_plausible(checked, options.get("unit"))
            return Source(checked, known, None, *said)
        good, bad = checked
        require_plausible(good, options.get("unit"))
        return Source(good, known, bad, *said)

    return read


def _tables(paths: Sequence[Path], options: Options, how: Reading) -> Source:
    """Tables, piece by piece; they are checked on the way, so that rows have names."""
    plain, writing = table_options(options)
    given: dict[str, Any] = {**plain, "writing": writing, "chain": how.chain}
    if how.on_error == "quarantine":
        good, bad = load_transfers(paths, **given, on_error="quarantine", on_batch=how.on_batch)
        return Source(good, bad=bad)
    return Source(load_transfers(paths, **given, on_batch=how.on_batch))


def table_options(options: Options) -> tuple[dict[str, Any], Writing]:
    """Options of a table: what its columns are, and how they are written."""
    names = [field.name for field in fields(Writing)]
    plain = {name: value for name, value in options.items() if name not in names}
    return plain, Writing(**{name: options[name] for name in names if name in options})


FORMATS: Mapping[str, Format] = {
    "table": _tables,
    "amlsim": checked(read_amlsim),
    "ethereum": checked(read_ethereum),
    **{name: checked(reader(name)) for name in BITCOIN},
}


def read_files(
    name: str, paths: Sequence[str | Path], options: Options | None = None, how: Reading = SIMPLY
) -> Source:
    """Read files of one format.

    Parameters
    ----------
    name : str
        ``table`` (parquet, Arrow and CSV), ``ethereum``, ``amlsim``, a format of
        :data:`features.sources.bitcoin.formats.BITCOIN`, or the name of an entry point of
        ``walletrisk.sources``.
    paths : sequence of str or Path
    options : mapping, optional
        See :class:`Reader`.
    how : Reading

    Raises
    ------
    SourceError
        No such format, an option that it does not take, or a file that cannot be read.
    TransfersError, LabelsError
        What was read breaks its contract.
    """
    return _format(name)([Path(path) for path in paths], options or {}, how)


def _format(name: str) -> Format:
    if name in FORMATS:
        return FORMATS[name]
    guests = installed_names(SOURCE_GROUP, own=FORMATS)
    if name not in guests:
        raise SourceError(f"unknown format {name!r}; there are {', '.join([*FORMATS, *guests])}")
    return checked(load_installed(guests[name]))


def _require_taken(reader: Reader, options: Options) -> None:
    """Raise if the reader has no use for an option."""
    taken = inspect.signature(reader).parameters
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in taken.values()):
        return
    unused = [option for option in options if option not in taken]
    if unused:
        raise SourceError(f"the reader of this format has no use for {', '.join(unused)}")
