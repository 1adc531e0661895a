"""Sums over the leaves of many small trees: what a row gets from each, by the case it is in.

The compiled half of :mod:`training.models.tree_shap`, here so that it is compiled with all else.
"""

import numpy as np

from features.kernel.arrays import Float64s, Int32s, Records, Rows
from features.kernel.compiler import kernel

ZERO_IS_MISSING, NAN_IS_MISSING = 1, 2
NEARLY_ZERO = 1e-35  # what LightGBM takes for zero

NODE = np.dtype(
    [
        ("threshold", np.float64),
        ("feature", np.int32),
        ("missing", np.int8),  # which values are
        ("left", np.bool_),  # whether they go left
    ],
    align=True,
)
LEAF = np.dtype(
    [
        ("table", np.int64),  # where its cases begin
        ("steps", np.int32),  # where its path begins
        ("features", np.int32),  # where its features begin
        ("width", np.int8),  # how many those are
    ],
    align=True,
)
STEP = np.dtype(
    [
        ("node", np.int32),
        ("slot", np.int8),  # which of the leaf's features it asks
        ("left", np.bool_),  # whether the path goes on there
    ],
    align=True,
)


@kernel
def add_leaf_sums(
    rows: Rows,
    nodes: Records,
    leaves: Records,
    steps: Records,
    features: Int32s,
    table: Float64s,
    out: Rows,
) -> None:
    """Add to each row of ``out`` what the leaves have in ``table`` for its case, by feature.

    A row's case of a leaf has a bit for each of the leaf's features, set where all of its steps on
    the leaf's path lead there. ``leaves`` ends with one that says where the last one's parts end.
    """
    left, at = np.empty(nodes.size, np.bool_), np.empty(leaves.size, np.int64)
    for row in range(rows.shape[0]):
        for place in range(nodes.size):
            node = nodes[place]
            value = rows[row, node.feature]
            if np.isnan(value) and node.missing != NAN_IS_MISSING:
                value = 0.0
            absent = np.isnan(value) or (
                node.missing == ZERO_IS_MISSING and abs(value) <= NEARLY_ZERO
            )
            left[place] = node.left if absent else value <= node.threshold
        # where all are first: the table is far away in memory, and reads of it need not wait
        for number in range(leaves.size - 1):
            leaf = leaves[number]
            case = (1 << leaf.width) - 1
            for place in range(leaf.steps, leaves[number + 1].steps):
                step = steps[place]
                case &= ~((left[step.node] != step.left) << step.slot)
            at[number] = leaf.table + case * leaf.width
        for number in range(leaves.size - 1):
            leaf = leaves[number]
            for slot in range(leaf.width):
                out[row, features[leaf.features + slot]] += table[at[number] + slot]
