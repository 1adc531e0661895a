"""Every column of every view means something, and is of one group."""

import pytest

from features.contracts.categories import CATEGORIES
from features.view import Column, View
from features.views import VIEWS, feature_columns
from training.reasons.grouping import Grouping
from training.reasons.meanings import GIVEN, RECEIVED, meaning_of

COLUMNS = [(column.name, view.name) for view in VIEWS for column in view.columns]
LABELS = {"illicit", "licit", *CATEGORIES}


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_a_view_of_ours_is_named_in_plain_words(view: str) -> None:
    said = {meaning_of(name, of).says for name, of in COLUMNS if of == view}
    assert f"The columns of {view}" not in said


def test_labelled_wallets_are_told_by_category_and_side() -> None:
    exposed = {meaning_of(name, of).name for name, of in COLUMNS if of == "exposure"}
    sides = {f"{did}_{category}" for did in ("received", "sent") for category in LABELS}
    assert exposed == sides | {"received_services", "sent_services", "traced"}


def test_there_are_about_twelve_beside_the_categories() -> None:
    meanings = {meaning_of(name, of) for name, of in COLUMNS if of != "exposure"}
    assert 10 <= len(meanings) <= 15
    assert len({meaning.name for meaning in meanings}) == len(meanings)


@pytest.mark.parametrize(
    ("column", "view", "name"),
    [
        ("amounts_mean_in_amount", "amounts", "amounts_received"),
        ("amounts_mean_out_amount", "amounts", "amounts_sent"),
        ("amounts_mean_out_to_in_ratio", "amounts", "passing_on"),
        ("relative_of_funds_mean_out_ratio", "relative", "amounts_sent"),
        ("timing_transfers_in_1d_count", "timing", "history"),
        ("timing_first_in_to_first_out_s", "timing", "rhythm"),
        ("exposure_mixer_in_hops", "exposure", "received_mixer"),
        ("exposure_truncated_ratio", "exposure", "traced"),
    ],
)
def test_a_column_is_where_a_reader_looks_for_it(column: str, view: str, name: str) -> None:
    assert (column, view) in COLUMNS
    assert meaning_of(column, view).name == name


def test_views_and_columns_of_guests_fall_into_a_group() -> None:
    view = View("tempo", 1, (Column("tempo_beat_s", "beat"),), lambda _past, _out: None)
    own = ("amounts_mean_in_amount", "tempo_beat_s", "kyc_age_days", "senders")
    grouping = Grouping(own, (*VIEWS, view), ("kyc_age_days",))
    assert grouping.meanings[0] == RECEIVED
    assert grouping.meanings[1].says == "The columns of tempo"
    assert grouping.meanings[2] == GIVEN
    assert grouping.meanings[3].says == "The wallets it received from"


def test_all_columns_are_in_exactly_one_group() -> None:
    names = tuple(column.name for column in feature_columns())
    grouping = Grouping(names, VIEWS, ())
    assert len(grouping.number) == len(names)
    assert set(grouping.number.tolist()) == set(range(len(grouping.meanings)))
