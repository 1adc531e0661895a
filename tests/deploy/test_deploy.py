"""What is deployed says of the endpoint what is true of it."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.observability import Metrics
from serving.settings import PREFIX, Settings
from tests.pages import ROOT

DEPLOY = ROOT / "deploy"
RULES = (DEPLOY / "prometheus" / "alerts.yml").read_text()
RUNBOOK = (DEPLOY / "RUNBOOK.md").read_text()
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES)["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def measured() -> set[str]:
    """Names of all series."""
    return {name for family in Metrics().registry.collect() for name in _series(family)}


def _series(family: Any) -> set[str]:
    parts = {
        "counter": ("_total",), "histogram": ("", "_bucket", "_count", "_sum"), "gauge": ("",),
    }[family.type]  # fmt: skip
    return {family.name + part for part in parts}


@pytest.mark.parametrize("text", [RULES, RUNBOOK], ids=["alerts", "runbook"])
def test_every_measure_that_is_named_exists(text: str) -> None:
    named = set(re.findall(r"\bwalletrisk_[a-z0-9_]+", text))
    assert len(named) > 10
    assert named <= measured()


def test_every_alarm_is_in_the_runbook_and_no_other() -> None:
    headings = re.findall(r"^## (Walletrisk\w+)$", RUNBOOK, flags=re.MULTILINE)
    assert headings == [rule["alert"] for rule in alerts()]
    for rule in alerts():
        assert rule["labels"]["severity"] in ("page", "warn")
        assert rule["annotations"]["summary"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_that_is_named_is_a_setting(path: Path) -> None:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    assert set(re.findall(r"WALLETRISK_[A-Z_]+", path.read_text())) <= known


def test_the_unit_is_one(tmp_path: Path) -> None:
    checker = shutil.which("systemd-analyze")
    if checker is None:
        pytest.skip("needs systemd-analyze")
    text = (DEPLOY / "walletrisk.service").read_text()
    unit = tmp_path / "walletrisk.service"
    unit.write_text(text.replace("/opt/walletrisk/bin/walletrisk", "/bin/true"))
    done = subprocess.run(
        [checker, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_compose_names_what_the_image_and_the_scraper_know() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    ours = composed["services"]["walletrisk"]
    assert (ours["read_only"], ours["cap_drop"], ours["ports"]) == (
        True, ["ALL"], ["127.0.0.1:8000:8000"],
    )  # fmt: skip
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (job,) = scraped["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"{ours['hostname']}:8000"]}]
    keys = composed["services"]["keys"]["command"]
    assert job["authorization"]["credentials_file"] == keys[keys.index("--out") + 1]


def test_the_image_takes_all_that_is_installed() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found = project["tool"]["setuptools"]["packages"]["find"]["include"]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for name in [one.rstrip("*") for one in found]:
        assert f"COPY {name} {name}\n" in dockerfile
        assert f"!{name}" in ignored
    for name in re.search(r"^COPY (pyproject.*) \./$", dockerfile, re.MULTILINE)[1].split():  # type: ignore[index]
        assert f"!{name}" in ignored
        assert (ROOT / name).exists()
    assert "USER 10001:10001" in dockerfile


def test_links_lead_somewhere() -> None:
    for page in (DEPLOY / "README.md", DEPLOY / "RUNBOOK.md"):
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (page.parent / link).exists(), link
        titles = {title.lower() for title in re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE)}
        assert set(re.findall(r"\]\(#(\w+)\)", page.read_text())) <= titles
