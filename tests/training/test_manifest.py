from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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
    edit(folder, format_version=2)
    with pytest.raises(ModelError, match="has model format 2; this release reads 1"):
        RiskModel.load(folder)


def test_other_feature_definitions_are_refused_with_the_difference(folder: Path) -> None:
    listed = list(Manifest.read(folder).feature_list)
    gone = listed[3]
    listed[3] = "coverage@0 coverage_mood_ratio"
    edit(folder, feature_definitions="0123", feature_list=listed)
    with pytest.raises(ModelError, match=r"definitions 0123, this release has") as caught:
        RiskModel.load(folder)
    assert "-coverage@0 coverage_mood_ratio" in str(caught.value)
    assert f"+{gone}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_long_difference_is_cut(folder: Path) -> None:
    edit(folder, feature_definitions="0123", feature_list=[f"gone@1 x{n}" for n in range(30)])
    with pytest.raises(ModelError, match=r"and \d+ more"):
        RiskModel.load(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format_version": 1}'])
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
    assert "lightgbm" in library_versions("lightgbm")
    assert "lightgbm" not in library_versions("logistic")


def test_a_changed_manifest_is_refused(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_text(path.read_text().replace('"base_rate": 0.01', '"base_rate": 0.02'))
    with pytest.raises(ModelError, match="was changed: its hash differs"):
        Manifest.read(folder)
