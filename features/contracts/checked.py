"""A frame that met its contract, so that nobody downstream checks it again.

Every door takes any frame and hands it to its check; a check hands back what is trusted already.
"""

from typing import Any, Self, TypeGuard, TypeVar

import pandas as pd
import pyarrow as pa

_Frame = TypeVar("_Frame", bound="Checked")
_Places = list[tuple[str, tuple[int, ...]]]


class Checked(pd.DataFrame):
    """A frame as its check returned it.

    What is made from it (a slice, a copy, a concatenation, a pickle) is a plain frame, which is
    checked where it is received: rows may repeat there, or columns be others. A frame whose
    columns were changed in place is not trusted any more. Its index plays no part.
    """

    _sealed: "tuple[pd.DataFrame, _Places] | None" = None  # the columns as they were checked
    _chain: str | None = None  # whose addresses its wallets were checked to be

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    @classmethod
    def seal(cls, frame: pd.DataFrame, chain: str | None = None) -> Self:
        """Say that a frame meets the contract, and of which chain; for the checks alone."""
        sealed = cls(frame, copy=False)
        object.__setattr__(sealed, "_chain", chain)
        sealed.attrs = frame.attrs
        # pandas copies a column that another frame shares before it writes to it: what this one
        # holds stays as it was checked, and a changed column lies elsewhere
        object.__setattr__(sealed, "_sealed", (frame.copy(deep=False), _places(sealed)))
        return sealed

    @property
    def untouched(self) -> bool:
        """Whether every column is where it was when it was checked."""
        return self._sealed is not None and _places(self) == self._sealed[1]


def trusted(frame: object, contract: type[_Frame], chain: str | None = None) -> TypeGuard[_Frame]:
    """Whether a frame comes from the check of a contract, of a chain, and is still what it was."""
    return isinstance(frame, contract) and frame.untouched and chain in (None, "", frame._chain)


def _places(frame: pd.DataFrame) -> _Places:
    """Name of each column, where its values lie, and how many they are."""
    return [(name, _place(frame[name].array)) for name in frame.columns]


def _place(values: Any) -> tuple[int, ...]:
    if isinstance(values.dtype, pd.StringDtype):
        text = pa.chunked_array(pa.array(values))
        return tuple(
            number
            for part in text.chunks
            for number in (
                part.offset, len(part), *(b.address for b in part.buffers() if b is not None)
            )
        )  # fmt: skip
    plain = values.asi8 if values.dtype.kind == "M" else values.to_numpy()
    return len(values), plain.__array_interface__["data"][0]
