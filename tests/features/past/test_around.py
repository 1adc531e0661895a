"""What may be read around a transfer, against plain lists."""

from hypothesis import given

from features import Ledger
from features.past import Past, PastSide, ask, earlier, later, past_with_dust, place_across
from tests.naive.past import past as plain_past
from tests.naive.past import transfer_list
from tests.strategies import World, asked_late, transfers, worlds


def sides(past: Past) -> tuple[PastSide, PastSide]:
    return past.incoming, past.outgoing


@given(worlds())
def test_a_transfer_is_found_on_the_other_side_unless_it_is_dust_there(world: World) -> None:
    ledger = world.ledger()
    past = world.past(ledger)
    for side, other in (sides(past), sides(past)[::-1]):
        counting = set(other.transfer.tolist())
        for place, row in enumerate(side.transfer.tolist()):
            across = place_across(side, place, other)
            assert (across >= 0) == (row in counting)
            assert across < 0 or other.transfer[across] == row
    assert {
        *past.incoming.transfer.tolist(),
        *past_with_dust(ledger, past).dust.transfer.tolist(),
    } == {*past.outgoing.transfer.tolist()}


@given(worlds())
def test_what_came_before_an_instant_and_what_follows_a_place(world: World) -> None:
    ledger, listed = world.ledger(), transfer_list(world.transfers)
    past = world.past(ledger)
    for row in range(min(past.size, 3)):
        as_of = ask(past, row).as_of
        known = plain_past(listed, None, as_of)
        for name in {*world.transfers["sender"], *world.transfers["recipient"]}:
            for side, whole in zip(sides(past), known.sides(name), strict=True):
                times = [transfer.time for transfer in whole]
                for instant in {as_of - 1, as_of, as_of + 1, *times}:
                    found = earlier(side, ledger.code(name), instant)
                    before = [time for time in times if time < instant]
                    assert side.time[found.first : found.end].tolist() == before
                    assert found.total == len(before)
                    rest = later(side, ledger.code(name), found.end)
                    assert side.time[rest.first : rest.end].tolist() == times[len(before) :]
                    assert rest.total == len(times)


def test_of_transfers_at_one_time_the_very_one_is_found() -> None:
    moves = [(0.0, "a", "b", 1.0), (0.0, "a", "c", 2.0), (0.0, "x", "b", 3.0), (0.0, "a", "b", 4.0)]
    past = asked_late(Ledger.from_transfers(transfers(moves)), "a")
    places = [place_across(past.outgoing, place, past.incoming) for place in range(len(moves))]
    assert past.incoming.transfer[places].tolist() == past.outgoing.transfer.tolist()
