"""The reference of train.toml."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from features.errors import RiskError
from training.config import DataConfig, RunConfig, SplitConfig, TrainConfig
from training.config_reference import _section, meanings, reference_text
from training.models.kinds import kind_names


@pytest.fixture(scope="module")
def text() -> str:
    return reference_text()


def test_every_key_has_its_line(text: str) -> None:
    sections: dict[str, type[BaseModel]] = {
        "data": DataConfig, "split": SplitConfig, "model": TrainConfig,
    }  # fmt: skip
    for section, model in sections.items():
        part = text.split(f"## [{section}]")[1].split("\n## ", maxsplit=1)[0]
        for name in model.model_fields:
            assert f"| `{name}` |" in part
    assert set(RunConfig.model_fields) <= {
        line[4:-1] for line in text.splitlines() if line.startswith("## [")
    }


def test_defaults_and_limits_are_those_of_the_code(text: str) -> None:
    assert "| `base_rate` | a number, above 0, below 1 | needed |" in text
    assert "| `test_share` | a number, above 0, below 1 | none |" in text
    assert '| `gap` | text, such as "7d" or "12h" | `"0d"` |' in text
    assert '| `wallets` | "apart" or "together" | `"apart"` |' in text


def test_every_kind_has_its_parameters(text: str) -> None:
    for kind in kind_names():
        assert f'### model = "{kind}"' in text
    part = text.split('### model = "lightgbm"')[1].split("###", maxsplit=1)[0]
    assert "`learning_rate`" in part


def test_a_key_without_meaning_is_a_mistake_of_ours() -> None:
    class Section(BaseModel):
        """A section.

        Parameters
        ----------
        one, two
            Both
            of them.

        Notes
        -----
        three
            is not told here.
        """

        one: int
        three: int

    assert meanings(Section) == {"one": "Both of them.", "two": "Both of them."}
    with pytest.raises(RiskError, match="says nothing of three"):
        list(_section(Section))
