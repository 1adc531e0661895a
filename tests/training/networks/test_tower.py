"""The tower reads a wallet's own transfers in their order, and nothing beside them."""

from typing import Any

import pytest

from features.errors import RiskError

torch = pytest.importorskip("torch")

from training.networks.tower import TOWERS, SequenceTower  # noqa: E402

COLUMNS, LENGTH = 3, 6


def made(kind: str) -> SequenceTower:
    torch.manual_seed(0)
    return SequenceTower(COLUMNS, 8, kind).double().eval()


def rows(counts: list[int]) -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(1)
    steps = torch.randn(len(counts), LENGTH, COLUMNS, generator=generator, dtype=torch.float64)
    return steps, torch.arange(LENGTH) < torch.tensor(counts)[:, None]


@pytest.mark.parametrize("kind", TOWERS)
def test_what_is_not_present_says_nothing(kind: str) -> None:
    tower, (steps, present) = made(kind), rows([0, 1, 3, LENGTH])
    said = tower(steps, present)
    noise = torch.where(present[..., None], steps, 100.0)
    assert torch.equal(said, tower(noise, present))
    assert torch.equal(said[0], torch.zeros(8, dtype=torch.float64))
    assert torch.isfinite(said).all()
    assert said[1:].abs().sum(dim=1).min() > 0


@pytest.mark.parametrize("kind", TOWERS)
def test_a_row_alone_says_what_it_says_in_a_batch(kind: str) -> None:
    tower, (steps, present) = made(kind), rows([0, 1, 3, LENGTH])
    together = tower(steps, present)
    for row in range(len(steps)):
        alone = tower(steps[row : row + 1], present[row : row + 1])
        torch.testing.assert_close(alone[0], together[row], atol=1e-12, rtol=0)


@pytest.mark.parametrize("kind", TOWERS)
def test_the_length_that_is_read_at_most_changes_nothing(kind: str) -> None:
    tower, (steps, present) = made(kind), rows([0, 1, 3])
    shorter = tower(steps[:, :3], present[:, :3])
    torch.testing.assert_close(shorter, tower(steps, present), atol=1e-12, rtol=0)


@pytest.mark.parametrize("kind", TOWERS)
def test_the_order_of_the_transfers_matters(kind: str) -> None:
    tower, (steps, present) = made(kind), rows([4])
    turned = steps.clone()
    turned[0, :3] = steps[0, [1, 0, 2]]
    assert not torch.allclose(tower(steps, present), tower(turned, present), atol=1e-6)


@pytest.mark.parametrize("kind", TOWERS)
def test_it_learns_to_tell_an_order_that_no_sum_tells(kind: str) -> None:
    torch.manual_seed(2)
    steps = torch.zeros(64, 4, 1)
    first = torch.arange(64) % 2
    steps[torch.arange(64), 1 + first] = 1.0  # the same numbers, in another order
    present = torch.ones(64, 4, dtype=torch.bool)
    tower, head = SequenceTower(1, 8, kind), torch.nn.Linear(8, 1)
    optimiser = torch.optim.Adam([*tower.parameters(), *head.parameters()], lr=0.02)
    for _ in range(40):
        optimiser.zero_grad()
        said = head(tower(steps, present)).squeeze(1)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(said, first.float())
        torch.autograd.backward(loss)
        optimiser.step()
    assert ((said > 0) == (first == 1)).all()


def test_nothing_is_read_where_the_length_is_nought() -> None:
    steps, present = rows([0, 0])
    assert made("gru")(steps[:, :0], present[:, :0]).tolist() == [[0.0] * 8] * 2


def test_another_kind_is_refused_by_name() -> None:
    with pytest.raises(RiskError, match="gru, transformer, received 'lstm'"):
        SequenceTower(3, 8, "lstm")
