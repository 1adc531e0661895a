"""Numbers, times and names as people read them."""

import math
from datetime import datetime

from features.trails.written import visible

MINUTE_S, HOUR_S, DAY_S, YEAR_S = 60, 3_600, 86_400, 365.25 * 86_400
SHORT_LETTERS = 22


def percent(probability: float) -> str:
    """A share in percent, with two digits of what is left at either end.

    Examples
    --------
    >>> [percent(p) for p in (0.0, 0.00042, 0.0123, 0.0821, 0.34, 0.9, 0.99973, 1.0)]
    ['0%', '0.042%', '1.2%', '8.2%', '34%', '90%', '99.973%', '100%']
    """
    value = 100 * probability
    edge = min(value, 100 - value)
    if edge <= 0:
        return "0%" if value <= 0 else "100%"
    places = max(0, 1 - math.floor(math.log10(edge))) if edge < 9.95 else 0
    text = f"{value:.{min(places, 6)}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def share(part: float) -> str:
    """A part of a whole in percent, to a hundredth of it.

    Examples
    --------
    >>> share(0.0), share(0.00001), share(0.978), share(0.99999)
    ('0%', '<0.01%', '97.8%', '100%')
    """
    if 0 < part < 0.0001:
        return "<0.01%"
    text = f"{100 * part:.2f}" if part < 0.01 else f"{100 * part:.1f}"
    return text.rstrip("0").rstrip(".") + "%" if part else "0%"


def one_in(probability: float) -> str:
    """A probability as people picture it.

    Examples
    --------
    >>> one_in(0.0833), one_in(0.9), one_in(0.0)
    ('about 1 in 12', 'about 9 in 10', 'less than 1 in 1,000,000')
    >>> one_in(0.962), one_in(0.9942)
    ('about 96 in 100', 'more than 99 in 100')
    """
    if probability < 1e-6:
        return "less than 1 in 1,000,000"
    if probability < 0.35:
        return f"about 1 in {_round(1 / probability):,}"
    if probability > 0.99:
        return "more than 99 in 100"
    if probability > 0.95:
        return f"about {round(100 * probability):d} in 100"
    return f"about {max(1, round(10 * probability)):d} in 10"


def _round(value: float) -> int:
    """Two digits of a number above 2."""
    step = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return int(round(value / step) * step)


def times(log_odds: float) -> str:
    """What a contribution multiplies the odds by.

    Examples
    --------
    >>> times(1.194), times(-0.7), times(0.001), times(9.0)
    ('× 3.3', '÷ 2.0', '× 1.00', '× 8,103')
    """
    factor = math.exp(min(abs(log_odds), 700.0))
    sign = "×" if log_odds >= 0 else "÷"  # noqa: RUF001
    places = 0 if factor >= 9.95 else 1 if factor >= 1.1 else 2
    return f"{sign} {factor:,.{places}f}"


def amount(value: float) -> str:
    """An amount in about six digits.

    Examples
    --------
    >>> amount(1234567.891), amount(45.6), amount(0.00001234), amount(0.0), amount(1e20)
    ('1,234,568', '45.6', '0.00001234', '0', '1.00e+20')
    """
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e15 or size < 1e-9:
        return f"{value:.2e}"
    places = max(0, 5 - math.floor(math.log10(size))) if size >= 1e-4 else 8 + 2
    text = f"{value:,.{places if size < 1e5 else 0}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def brief(value: float) -> str:
    """An amount in three digits, where there is little room.

    Examples
    --------
    >>> brief(1234567.0), brief(45600.0), brief(999.9), brief(0.01234), brief(0.0)
    ('1.23M', '45.6k', '1k', '0.0123', '0')
    """
    for power, letter in ((12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if abs(value) >= 0.9995 * 10.0**power:
            return f"{value / 10.0**power:.3g}{letter}"
    return f"{value:.3g}"


def duration(seconds: float) -> str:
    """A length of time in its largest unit that leaves two or more.

    Examples
    --------
    >>> [duration(s) for s in (30, 7_200, 90_000, 400 * 86_400, 3_000 * 86_400)]
    ['30 seconds', '2 hours', '25 hours', '400 days', '8 years']
    """
    for unit, name in (
        (YEAR_S, "years"),
        (DAY_S, "days"),
        (HOUR_S, "hours"),
        (MINUTE_S, "minutes"),
    ):
        if seconds >= 2 * unit:
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:,.0f} seconds"


def day(instant: datetime) -> str:
    """A day, with a month that nobody takes for a day.

    Examples
    --------
    >>> day(datetime(2026, 1, 3))
    '3 Jan 2026'
    """
    return f"{instant.day} {instant:%b %Y}"


def span(first: datetime, last: datetime) -> str:
    """From one day to another, as short as it can be said.

    Examples
    --------
    >>> one, other = datetime(2025, 12, 30), datetime(2026, 3, 1)
    >>> span(one, one), span(datetime(2026, 1, 3), other), span(one, other)
    ('30 Dec 2025', '3 Jan to 1 Mar 2026', 'Dec 2025 to Mar 2026')
    """
    if (first.year, first.month, first.day) == (last.year, last.month, last.day):
        return day(first)
    if first.year == last.year:
        return f"{first.day} {first:%b} to {day(last)}"
    return f"{first:%b %Y} to {last:%b %Y}"


def moment(text: str | None) -> str:
    """An instant of an answer, to the second where that is all of it.

    Examples
    --------
    >>> moment("2026-01-31T09:30:00.000000Z"), moment(None)
    ('2026-01-31 09:30:00 UTC', 'never')
    """
    if text is None:
        return "never"
    return text.replace("T", " ").replace("Z", "").removesuffix(".000000") + " UTC"


def short(name: str) -> str:
    """A name where there is little room: its beginning and its end, in letters that can be seen.

    Examples
    --------
    >>> short("0x8589427373d6d84e98730d7795d8f6f8731fda16"), short("shop")
    ('0x858942…731fda16', 'shop')
    """
    plain = visible(name)
    return plain if len(plain) <= SHORT_LETTERS else f"{plain[:8]}…{plain[-8:]}"


def plain(word: str) -> str:
    """A category or status as words.

    Examples
    --------
    >>> plain("child_sexual_abuse")
    'child sexual abuse'
    """
    return word.replace("_", " ")
