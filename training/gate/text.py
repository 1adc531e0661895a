"""What the gate says to a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from training.gate.comparison import Comparison
from training.gate.lines import WORDS
from training.gate.promotion import Promotion
from training.registry import Change
from training.tracking import Version

SHOWN = ("version", "alias", "model", "kind", "PR-AUC", "data", "champion since", "by", "why")


def promotion_text(promotion: Promotion) -> str:
    """Say every line of the gate, then the outcome."""
    lines = [f"{WORDS[line.passed]}  {line.name}: {line.detail}" for line in promotion.lines]
    outcome = "now" if promotion.promoted else "not"
    return "\n".join([*lines, f"version {promotion.version} is {outcome} the champion"])


def version_facts(version: Version, champion: str | None) -> dict[str, str]:
    """Return what a list says of a version, by the words of its head."""
    metrics, tags = version.metrics, version.tags
    area = "" if "pr_auc" not in metrics else f"{metrics['pr_auc']:.4f}"
    if "pr_auc_low" in metrics:
        area += f" [{metrics['pr_auc_low']:.4f}, {metrics['pr_auc_high']:.4f}]"
    values = (
        version.number, "champion" if version.number == champion else "",
        tags.get("model_version", ""), tags.get("kind", ""), area,
        tags.get("data_sha256", "")[:12], tags.get("crowned_at", "")[:19],
        tags.get("crowned_by", ""), tags.get("crowned_why", ""),
    )  # fmt: skip
    return dict(zip(SHOWN, values, strict=True))


def table_text(rows: Sequence[Mapping[str, str]]) -> str:
    """Set rows of equal keys in columns; a column that says nothing is left out."""
    names = [name for name in rows[0] if any(row[name] for row in rows)]
    lines = [names, *([row[name] for name in names] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(names))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def comparison_text(first: str, second: str, found: Comparison) -> str:
    """Say how version ``first`` stands beside ``second``."""
    return f"version {first} against {second}, {found.detail}"


def change_text(change: Change) -> str:
    """Say that the champion changed."""
    before = f" instead of {change.before}" if change.before else ""
    return (
        f"version {change.version} is the champion{before} "
        f"({change.how}, by {change.by} at {change.at[:19]}Z: {change.why})"
    )
