"""The views of flows, and arms that leave them out or ask them alone."""

from experiments.common import arms
from features.views import VIEWS

FLOWS = ("layering", "depth", "exposure")  # of these, those that there are

# what view depth may stand for: chains of transfers, each nearly as large as the one before
NEAR_EQUAL = ("layering_depth_backward_hops", "layering_depth_forward_hops")


def flows() -> tuple[str, ...]:
    """Names of the views of flows that there are, in the table's order."""
    return tuple(view.name for view in VIEWS if view.name in FLOWS)


def others() -> tuple[str, ...]:
    """Names of all other views, but for that of labels in the neighbourhood."""
    return tuple(view.name for view in VIEWS if view.name not in (*FLOWS, *arms.AROUND))


def columns_without(left_out: tuple[str, ...], *, scale_free: bool) -> tuple[str, ...]:
    """Columns of all views but those, and but for those of labels in the neighbourhood."""
    kept = [view.name for view in VIEWS if view.name not in (*left_out, *arms.AROUND)]
    return arms.column_names(kept, scale_free=scale_free)


def left_out_and_alone(*, scale_free: bool) -> dict[str, tuple[str, ...]]:
    """Arms: all views, without each view of flows, the older depth, all of them; each alone."""
    found = {"all views": columns_without((), scale_free=scale_free)}
    for name in flows():
        found[f"without {name}"] = columns_without((name,), scale_free=scale_free)
    whole = found["all views"]
    found["without near-equal depth"] = tuple(one for one in whole if one not in NEAR_EQUAL)
    found["without flows"] = columns_without(flows(), scale_free=scale_free)
    for name in flows():
        found[f"{name} alone"] = arms.column_names((name,), scale_free=scale_free)
    return found
