"""Texts that are numbers, as people and exchanges write them.

``$1,234.50``, ``1.234,50 EUR`` and ``1'234.5`` are numbers once it is said what a comma means. What
counts the smallest part of an asset, such as wei, becomes whole units without an error of rounding:
the point is moved in the text.
"""

from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from features.sources.room import Column
from features.sources.writing import DIVIDED, Decimal, Writing

INTEGER = r"^-?[0-9]{1,18}$"
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
NO_SIGN = pa.scalar("", pa.large_string())
_SIGN = r"[$€£¥₿Ξ]|[A-Z]{3,6}"
_SIGNED = (
    rf"^(?P<before>{_SIGN})?\s*(?P<number>[+-]?[0-9.,'\x{{2019}}_\s\x{{a0}}\x{{202f}}]*[0-9.]"
    rf"(?:[eE][+-]?[0-9]+)?)\s*(?P<after>{_SIGN})?$"
)
_SPACES = r"['\x{2019}_\s\x{a0}\x{202f}]"  # what parts thousands and nothing else


class Read(NamedTuple):
    """Numbers of a column.

    Attributes
    ----------
    numbers : float64 array, shape (n,)
        Null where the cell is missing or is no number.
    mistakes : dict of str to bool array, shape (n,)
        What is wrong with some of the cells, such as "is not a number".
    signs : str array, shape (n,)
        The currency sign of a cell, "" for none.
    """

    numbers: Column
    mistakes: dict[str, Column]
    signs: Any


def read_numbers(texts: Column, writing: Writing, *, scaled: bool) -> Read:
    """Read texts as numbers.

    Parameters
    ----------
    texts : large_string array, shape (n,)
    writing : Writing
    scaled : bool
        Whether they are counted in the unit of ``writing``.
    """
    trimmed: Any = pc.utf8_trim_whitespace(texts)
    none = pa.repeat(NO_SIGN, len(texts))
    if writing.decimal != "comma" and not (scaled and writing.unit):
        try:
            return Read(trimmed.cast(pa.float64()), {}, none)
        except pa.ArrowInvalid:
            pass
    parts: Any = pc.extract_regex(trimmed, _SIGNED)
    before, after = (pc.struct_field(parts, name).fill_null("") for name in ("before", "after"))
    signs: Any = pc.if_else(pc.equal(before, NO_SIGN), after, before)
    number = pc.struct_field(parts, "number")
    both = pc.and_(pc.not_equal(before, NO_SIGN), pc.not_equal(after, NO_SIGN))
    plain: Any = _plain(pc.if_else(both, None, number), writing.decimal)
    mistakes = {"is not a number": pc.and_(pc.is_valid(texts), pc.is_null(plain))}
    if writing.decimal is None:
        comma = pc.and_(mistakes["is not a number"], pc.match_substring(trimmed, ","))
        mistakes["is not a number"] = pc.and_not(mistakes["is not a number"], comma)
        mistakes["has a comma: say whether the decimal sign is a point or a comma"] = comma
    if not scaled or writing.unit is None:
        return Read(plain.cast(pa.float64()), mistakes, signs)
    return _whole_units(plain, mistakes, signs, writing)


def _plain(number: Column, decimal: Decimal | None) -> Column:
    """Numbers without marks between thousands and with a decimal point; null for no number."""
    mark, point = (r"\.", ",") if decimal == "comma" else (",", r"\.")
    spaced = pc.match_substring_regex(number, _grouped(_SPACES, point))
    number = pc.if_else(spaced, pc.replace_substring_regex(number, _SPACES, ""), number)
    if decimal is not None:
        grouped = pc.match_substring_regex(number, _grouped(mark, point))
        number = pc.if_else(grouped, pc.replace_substring_regex(number, mark, ""), number)
    if decimal == "comma":
        dotted = pc.match_substring(number, ".")
        number = pc.replace_substring(pc.if_else(dotted, None, number), ",", ".")
    plain: Column = pc.if_else(pc.match_substring_regex(number, NUMBER), number, None)
    return plain


def _grouped(mark: str, point: str) -> str:
    """Pattern of a number whose thousands are parted."""
    return rf"^[+-]?[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:{point}[0-9]*)?$"


def _whole_units(plain: Any, mistakes: dict[str, Column], signs: Any, writing: Writing) -> Read:
    """Numbers of the smallest part of an asset as whole units of it."""
    rounded = counted(plain.cast(pa.float64()), writing)
    for fraction in rounded.mistakes.values():
        plain = pc.if_else(fraction, None, plain)
    with_exponent = pc.match_substring_regex(plain, "[eE]").fill_null(False)
    shifted = pc.binary_join_element_wise(
        plain, pa.scalar(f"e-{writing.digits}", pa.large_string()), NO_SIGN
    )
    exact = pc.if_else(with_exponent, None, shifted).cast(pa.float64())
    numbers = pc.if_else(with_exponent, rounded.numbers, exact)
    return Read(numbers, {**mistakes, **rounded.mistakes}, signs)


def counted(numbers: Any, writing: Writing) -> Read:
    """Floats that count the unit of a writing, in whole units of the asset."""
    whole = pc.divide(numbers, pa.scalar(10.0**writing.digits))
    signs = pa.repeat(NO_SIGN, len(numbers))
    if writing.unit in DIVIDED:
        return Read(whole, {}, signs)
    fraction = pc.not_equal(pc.floor(numbers), numbers).fill_null(False)
    mistakes = {f"is no whole number of {writing.unit}": fraction}
    return Read(pc.if_else(fraction, None, whole), mistakes, signs)
