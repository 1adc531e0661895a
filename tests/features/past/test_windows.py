"""Sums of windows, against plain sums of what lies in them."""

import numpy as np
import pandas as pd
from hypothesis import given

from features.past import HISTORY_CAP, NO_LABELS, WIDTHS, WINDOWS, ask, past_of_spine, window_sums
from tests.naive.past import micros, past, transfer_list
from tests.strategies import World, at, fan_out, spine, worlds


def sums_of(world: World) -> list[tuple[float, list[float], float, list[float]]]:
    """Of each question the sum received and of its windows, and the same of what was sent."""
    opened, found = past_of_spine(world.ledger(), world.spine, NO_LABELS), []
    for row in range(opened.size):
        asked = ask(opened, row)
        sides = ((opened.incoming, asked.received), (opened.outgoing, asked.sent))
        windows = np.empty((2, WIDTHS.size))
        totals = [window_sums(*side, windows[k]) for k, side in enumerate(sides)]
        found.append((totals[0], windows[0].tolist(), totals[1], windows[1].tolist()))
    return found


@given(worlds())
def test_sums_are_those_of_a_plain_loop_to_the_last_bit(world: World) -> None:
    listed = transfer_list(world.transfers)
    for (wallet, as_of), found in zip(
        world.spine.itertuples(index=False), sums_of(world), strict=True
    ):
        instant = micros(as_of)
        expected: list[float | list[float]] = []
        for side in past(listed, None, instant).read(wallet):
            newest_first = side[::-1]
            expected.append(sum((t.amount for t in newest_first), 0.0))
            expected.append(
                [
                    sum((t.amount for t in newest_first if t.time >= instant - width), 0.0)
                    for width in WINDOWS.values()
                ]
            )
        assert list(found) == expected


def test_a_window_begins_at_its_first_instant_and_ends_before_as_of() -> None:
    day = 86_400
    frame = fan_out(4, step_s=day)  # at 0, 1, 2, 3 days
    rows = pd.concat([spine(["hub"], at(seconds)) for seconds in (3 * day, 3 * day + 1)])
    whole, windows = zip(
        *((total, sums) for _, _, total, sums in sums_of(World(frame, frame, rows))), strict=True
    )
    one_day = list(WINDOWS).index("1d")
    assert whole == (3.0, 4.0)  # the last transfer is not before its own instant
    assert [sums[one_day] for sums in windows] == [1.0, 1.0]


def test_a_hub_is_summed_over_what_is_read_of_it() -> None:
    frame = fan_out(HISTORY_CAP + 7, step_s=1)
    (found,) = sums_of(World(frame, frame, spine(["hub"], at(10**6))))
    assert found[2] == float(HISTORY_CAP)


def test_windows_are_listed_with_the_narrowest_first() -> None:
    assert WIDTHS.tolist() == sorted(WIDTHS.tolist())
