"""The columns of the layering view."""

from features.past import DAY, HOUR, WINDOWS
from features.view import of_both, places, window_places
from features.views.layering.chains import HOP_CAP, HUB, WIDTH
from features.views.layering.peel import LATEST, PEEL_CAP, PEEL_HUB

_CHAIN = (
    "transfers, each 0.9 to 1 times the one before, later by at most a day, through wallets with "
    f"at most {HUB} transfers to choose from in that day; at most {HOP_CAP}"
)
_DWELLS = {"1h": (HOUR, "an hour"), "1d": (DAY, "a day"), "7d": (7 * DAY, "seven days")}
_QUANTILES = {"q10": 0.1, "q50": 0.5, "q90": 0.9}

_NAMED = (
    ("pass_through_ratio", "lesser over greater of the sums received and sent"),
    *(
        (
            f"pass_through_{window}_ratio",
            f"lesser over greater of the sums received and sent in the last {window}",
        )
        for window in WINDOWS
    ),
    (
        "unfunded_share",
        "value sent that no receipt up to then covers (first in, first out), over the sum sent",
    ),
    (
        "forwarded_share",
        "value received that was sent on (first in, first out), over the sum received",
    ),
    *(
        (
            f"forwarded_{name}_share",
            f"value received that was sent on within {said} (first in, first out), over the "
            "sum received",
        )
        for name, (_, said) in _DWELLS.items()
    ),
    (
        "dwell_mean_s",
        "time from receipt to sending on (first in, first out), mean weighted by value",
    ),
    *(
        (
            f"dwell_{name}_s",
            f"time from receipt to sending on (first in, first out), {share} quantile by value",
        )
        for name, share in _QUANTILES.items()
    ),
    (
        "rapid_out_share",
        "transfers sent within an hour of the latest receipt up to then, over all sent",
    ),
    (
        "near_equal_out_share",
        "transfers sent of 0.9 to 1 times the latest receipt up to then, over all sent",
    ),
    ("depth_backward_hops", f"longest chain that ends at the wallet: {_CHAIN}"),
    ("depth_forward_hops", f"longest chain that starts at the wallet: {_CHAIN}"),
    (
        "peel_length_hops",
        "transfers of the peel chain that holds the wallet's latest transfer that can "
        "be part of one: each is given on within a day by the recipient's next 2 to 4 "
        "sendings, 0.9 to 1 of it in all, of which the largest, at least half of it, goes on; "
        f"through wallets with at most {PEEL_HUB} transfers to choose from in that day; at "
        f"most {PEEL_CAP} each way",
    ),
    (
        "peel_position_hops",
        "transfers of the wallet's latest peel chain up to the one that reaches the wallet; 0 "
        "if it starts there or there is none",
    ),
    (
        "peel_share",
        "value split off along the wallet's latest peel chain, over the first amount of the "
        "chain; nan without one",
    ),
    (
        "truncated_ratio",
        f"1 if a cap cut the search short, else 0: {WIDTH} transfers a hop and {HOP_CAP} "
        f"hops for chains; the latest {LATEST} transfers and {PEEL_CAP} hops each way for "
        "peel chains",
    ),
)
_FIFO = "Clayton's case 1816; Anderson, Shumailov and Ahmed 2018"
_SOURCES = {
    **dict.fromkeys(("unfunded", "forwarded", "dwell"), _FIFO),
    "depth": (
        "time-respecting paths: Kempe, Kleinberg and Kumar 2002; near-equal 0.9, windows and caps "
        "are our own"
    ),
    "peel": (
        "peel chains of Bitcoin: Meiklejohn et al. 2013; Kappos et al. 2022; the rules for "
        "accounts, windows and caps are our own"
    ),
}

COLUMNS = of_both("layering", *_NAMED, sources=_SOURCES)
OF = places(*_NAMED)
PASSED = window_places(OF, "pass_through_{}_ratio")
FORWARDED_WITHIN = tuple(  # microseconds, place
    (width, getattr(OF, f"forwarded_{name}_share")) for name, (width, _) in _DWELLS.items()
)
DWELL_QUANTILES = tuple(  # share, place
    (share, getattr(OF, f"dwell_{name}_s")) for name, share in _QUANTILES.items()
)
