from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from features import VIEWS, RiskError, guests
from features.view import Column, View

MINE = View("mine", 1, (Column("mine_one_ratio", "one"),), lambda _past, _out: None)
GROUP = "walletrisk.views"
HERE = "tests.features.test_guests"


def found(monkeypatch: pytest.MonkeyPatch, *pairs: tuple[str, str]) -> None:
    points = [EntryPoint(name, value, GROUP) for name, value in pairs]
    monkeypatch.setattr(guests, "entry_points", lambda group: points if group == GROUP else [])


def test_views_of_packages_follow_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, ("mine", f"{HERE}:MINE"))
    assert [view.name for view in guests.all_views()] == [*(view.name for view in VIEWS), "mine"]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("mine", "no_such_package:MINE")], "'mine' of package unknown cannot be loaded from no_"),
        ([("mine", f"{HERE}:NONE")], "cannot be loaded .* AttributeError"),
        ([("mine", "a:A"), ("mine", "b:B")], r"'mine' is the name of a:A .* and b:B"),
        ([("timing", f"{HERE}:MINE")], "takes the name 'timing', which is one of ours"),
        ([("mine", f"{HERE}:GROUP")], "'mine' is a str, wanted a View"),
        ([("yours", f"{HERE}:MINE")], "entry point 'yours' holds the view 'mine'"),
    ],
)
def test_what_cannot_be_used_is_a_clear_line(
    monkeypatch: pytest.MonkeyPatch, pairs: list[tuple[str, str]], message: str
) -> None:
    found(monkeypatch, *pairs)
    with pytest.raises(RiskError, match=message):
        guests.all_views()
