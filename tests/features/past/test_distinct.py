"""Distinct counterparties, beside dictionaries; and the first transfer of a wallet."""

from hypothesis import given

from features.ledger import microseconds
from features.past import NO_LABELS, Past, ask, first_time, past_of
from features.past.distinct import collect, empty_distinct
from tests.strategies import World, worlds


def asked_of(world: World) -> Past:
    ledger = world.ledger()
    codes, as_of = ledger.codes(world.spine["wallet"]), microseconds(world.spine["as_of"])
    return past_of(ledger, codes, as_of, NO_LABELS)


@given(worlds())
def test_counterparties_are_those_of_a_dictionary_in_order(world: World) -> None:
    asked, memory = asked_of(world), empty_distinct()
    for row in range(asked.size):
        history, side = ask(asked, row).sent, asked.outgoing
        read = range(history.first, history.end)
        numbers: dict[int, list[int]] = {}  # of the transfers with each counterparty
        for i in read:
            numbers.setdefault(int(side.counterparty[i]), []).append(i)
        fan, mask = collect(memory, side, history)
        assert memory.code[:fan].tolist() == list(numbers)
        assert memory.count[:fan].tolist() == [len(some) for some in numbers.values()]
        assert memory.value[:fan].tolist() == [sum(side.amount[some]) for some in numbers.values()]
        assert memory.first[:fan].tolist() == [some[0] - read[0] for some in numbers.values()]
        assert memory.last[:fan].tolist() == [side.time[some[-1]] for some in numbers.values()]
        assert mask + 1 >= 2 * fan


@given(worlds())
def test_the_first_time_is_the_least_of_both_sides(world: World) -> None:
    asked = asked_of(world)
    for row in range(asked.size):
        _, _, received, sent = ask(asked, row)
        times = [
            *asked.incoming.time[received.end - received.total : received.end],
            *asked.outgoing.time[sent.end - sent.total : sent.end],
        ]
        if times:
            found = first_time(asked.incoming.time, asked.outgoing.time, received, sent)
            assert found == min(times)
