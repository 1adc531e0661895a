"""Mini-batches cut out of one batch of all rows are those that would be read, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.past import NO_LABELS
from tests.strategies import World, worlds

torch = pytest.importorskip("torch")

from training.models.estimator import Where  # noqa: E402 - torch must be there
from training.models.graph_kinds import GraphSageEstimator  # noqa: E402
from training.networks.reading import prepared  # noqa: E402


@given(worlds(), st.integers(0, 3), st.data())
def test_a_batch_cut_out_is_the_batch_that_is_read(
    world: World, hops: int, data: st.DataObject
) -> None:
    fans = dict(
        zip(("first_fan", "second_fan", "third_fan"), [3, 2, 2][:hops] + [0] * 3, strict=False)
    )
    model = GraphSageEstimator(("a",), seed=0, parameters={**fans, "steps": 2})
    n = len(world.spine)
    where = Where.of_spine(world.ledger(), world.spine, NO_LABELS)
    source = prepared.Source(model.inputs(np.arange(float(n))[:, None], where))
    fitted = prepared.Prepared.fit(source, np.arange(n), model._columns(), None)
    rows = np.array(sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=1))))
    cut = source.batches(fitted)(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepared, "MOST_HELD", 0)
        read = prepared.Source(source.inputs).batches(fitted)(rows)
    assert cut.sizes == read.sizes
    assert [side.ends for side in cut.sides] == [side.ends for side in read.sides]
    for one, other in zip(cut.tensors(), read.tensors(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)
