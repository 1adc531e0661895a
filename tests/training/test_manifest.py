from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features import VIEWS, RiskError
from features.view import Column, View
from features.views.coverage import COVERAGE
from features.views.exposure import EXPOSURE
from training import RiskModel, Trained
from training.manifest import MANIFEST, OWN_HASH, Manifest, content_hash, library_versions
from training.risk_model import ModelError


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    trained.model.save(tmp_path / "model")
    return tmp_path / "model"


def edit(folder: Path, **changes: Any) -> None:
    content = json.loads((folder / MANIFEST).read_text())
    del content[OWN_HASH]
    content |= changes
    (folder / MANIFEST).write_text(json.dumps({**content, OWN_HASH: content_hash(content)}))


def test_it_says_what_the_model_is(folder: Path, trained: Trained) -> None:
    manifest = Manifest.read(folder)
    assert manifest.base_rate == 0.01
    assert manifest.min_transfers == 3
    assert manifest.columns == "all"
    assert manifest.trained_until == trained.model.manifest.trained_until
    assert manifest.libraries["numpy"][0].isdigit()
    assert set(manifest.files) == {path.name for path in folder.iterdir()} - {MANIFEST}


def test_the_version_leaves_out_when_it_was_made(trained: Trained) -> None:
    manifest = trained.model.manifest
    later = manifest.model_copy(update={"created_at": manifest.trained_until})
    assert later.version == manifest.version
    assert manifest.model_copy(update={"seed": 4}).version != manifest.version


def test_unlisted_and_missing_files_are_refused(folder: Path) -> None:
    (folder / "model.pkl").write_bytes(b"")
    with pytest.raises(ModelError, match=r"unlisted \['model.pkl'\], missing none"):
        RiskModel.load(folder)
    (folder / "model.pkl").unlink()
    (folder / "calibration.json").unlink()
    with pytest.raises(ModelError, match=r"unlisted none, missing \['calibration.json'\]"):
        RiskModel.load(folder)


def test_names_outside_the_folder_are_refused(folder: Path) -> None:
    (folder.parent / "secret").write_bytes(b"")
    edit(folder, files={**Manifest.read(folder).files, "../secret": "0" * 64})
    with pytest.raises(ModelError, match=r"missing \['../secret'\]"):
        RiskModel.load(folder)


def test_another_format_is_refused(folder: Path) -> None:
    for version in (3, 5):
        edit(folder, format_version=version)
        with pytest.raises(ModelError, match=f"has model format {version}; this release reads 4"):
            RiskModel.load(folder)


def changed(view: View, **changes: Any) -> tuple[View, ...]:
    return tuple(replace(view, **changes) if one is view else one for one in VIEWS)


def test_it_pins_the_views_that_are_read_and_no_other(folder: Path) -> None:
    manifest = Manifest.read(folder)
    assert list(manifest.views_among(VIEWS)) == [
        view for view in VIEWS if view.name in manifest.views
    ]
    more = View("more", 1, (Column("more_of_it_ratio", "more"),), lambda _past, _out: None)
    assert manifest.views_among((more, *VIEWS)) == manifest.views_among(VIEWS)


def test_a_view_of_another_version_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"view coverage is not .*: version \d+ -> 99$"):
        RiskModel.load(folder, changed(COVERAGE, version=99))


def test_a_view_of_other_columns_is_refused_with_the_difference(folder: Path) -> None:
    first, *others = COVERAGE.columns
    odd = Column("coverage_mood_ratio", "mood")
    with pytest.raises(ModelError, match="view coverage is not what") as caught:
        RiskModel.load(folder, changed(COVERAGE, columns=(odd, *others)))
    assert f"-{first.name}; +coverage_mood_ratio" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_meaning_is_another_view(folder: Path) -> None:
    first, *others = COVERAGE.columns
    columns = (replace(first, meaning="of 7 transfers at most"), *others)
    with pytest.raises(ModelError, match=f"{first.name}: '.*' -> 'of 7 transfers at most'"):
        RiskModel.load(folder, changed(COVERAGE, columns=columns))


def test_other_words_of_categories_are_another_exposure(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"view exposure is not .* defined by other words"):
        RiskModel.load(folder, changed(EXPOSURE, defined_by=("theft: heist",)))


def test_a_long_difference_is_cut(folder: Path) -> None:
    columns = tuple(Column(f"coverage_{n}_ratio", "n") for n in range(30))
    with pytest.raises(ModelError, match=r"and \d+ more"):
        RiskModel.load(folder, changed(COVERAGE, columns=columns))


def test_a_view_that_is_not_given_is_named(folder: Path) -> None:
    with pytest.raises(ModelError, match="reads the view exposure, which is not among the views"):
        RiskModel.load(folder, tuple(view for view in VIEWS if view.name != "exposure"))


def test_a_kind_that_is_not_known_is_named(folder: Path) -> None:
    edit(folder, kind="os.system")
    with pytest.raises(RiskError, match=r"model kind 'os.system' is unknown; there are logistic"):
        RiskModel.load(folder)


def test_columns_of_no_view_are_refused(folder: Path) -> None:
    views = {name: view.model_dump() for name, view in Manifest.read(folder).views.items()}
    del views["timing"]
    edit(folder, views=views)
    with pytest.raises(ModelError, match="names columns of no view that it names"):
        RiskModel.load(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format_version": 2}'])
def test_a_folder_without_a_manifest_is_no_model(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text)
    with pytest.raises(ModelError, match=r"no model folder|model format|Field required"):
        RiskModel.load(folder)


def test_a_path_without_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no model folder"):
        RiskModel.load(tmp_path / "none")


def test_unknown_keys_are_refused(folder: Path) -> None:
    edit(folder, run_me="please")
    with pytest.raises(ModelError, match="run_me: Extra inputs are not permitted"):
        RiskModel.load(folder)


def test_versions_are_of_the_libraries_the_kind_needs() -> None:
    assert "lightgbm" in library_versions(("lightgbm",))
    assert "lightgbm" not in library_versions(())


def test_a_changed_manifest_is_refused(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_text(path.read_text().replace('"base_rate": 0.01', '"base_rate": 0.02'))
    with pytest.raises(ModelError, match="was changed: its hash differs"):
        Manifest.read(folder)


def test_a_deep_manifest_and_one_that_is_a_pipe_are_told(folder: Path) -> None:
    (folder / MANIFEST).write_text("[" * 100_000)
    with pytest.raises(ModelError, match="is nested too deeply"):
        RiskModel.load(folder)
    (folder / MANIFEST).unlink()
    os.mkfifo(folder / MANIFEST)
    with pytest.raises(ModelError, match="is no regular file"):
        RiskModel.load(folder)


def test_a_pipe_in_the_place_of_a_file_is_told(folder: Path) -> None:
    (folder / "calibration.json").unlink()
    os.mkfifo(folder / "calibration.json")
    with pytest.raises(RiskError, match="is no regular file"):
        RiskModel.load(folder)
