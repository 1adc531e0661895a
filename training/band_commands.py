"""The command that chooses bands; what it computes with is imported inside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.commands import AsJson, MapOption, TimeUnitOption, TimeZoneOption, say

if TYPE_CHECKING:
    import pandas as pd

    from features.sources.known import TableOptions
    from training.band_choice import Choice
    from training.bands import BandTable
    from training.risk_model import RiskModel

app = typer.Typer()
USUAL_BAND = "high"


@app.command(
    epilog="Example: walletrisk bands models:/walletrisk@champion --scores rows.parquet "
    "--budget high=50/day,severe=5/day --volume 4000/day --out bands.json"
)
def bands(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="As in serve --model.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Band table to write, JSON.")],
    scores: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Scored rows: rows.parquet of a training run."),
    ] = None,
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Or a feature table to score, parquet.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Known wallets, with --table.")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="[BAND=]N/day,...", help="Wallets that can be reviewed."),
    ] = None,
    volume: Annotated[
        str | None, typer.Option(metavar="N/day", help="Wallets asked about, with --budget.")
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(metavar="[BAND=]SHARE,...", help="Least share illicit, at the base rate."),
    ] = None,
    costs: Annotated[
        str | None, typer.Option(metavar="review=C,missed=C", help="Of a wallet, in one currency.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the table; default: --out's.")] = None,
    columns: MapOption = None,
    time_unit: TimeUnitOption = None,
    timezone: TimeZoneOption = None,
    tracking_uri: Annotated[str | None, typer.Option(help="As in train.")] = None,
    as_json: AsJson = False,
) -> None:
    """Choose where bands begin, from a budget, a precision or costs; band high if none is named."""
    from features.errors import RiskError
    from features.guests import all_views
    from features.sources.known import TableOptions
    from training.band_choice import choose_bands
    from training.commands import model_folder
    from training.risk_model import RiskModel

    if out.exists():
        raise RiskError(f"{out} exists; a band table is kept: choose another name")
    chosen = choices(budget, volume, precision, costs)
    loaded = RiskModel.load(model_folder(model, tracking_uri), views=all_views())
    rows = _rows(loaded, scores, table, labels, TableOptions(columns, time_unit, timezone))
    made = choose_bands(rows, loaded, chosen, name=name or out.stem)
    out.write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    say(bands_text(made), made.model_dump(mode="json"), as_json)


def choices(
    budget: str | None, volume: str | None, precision: str | None, costs: str | None
) -> dict[str, Choice]:
    """Read what the options ask for.

    Raises
    ------
    RiskError
        If not exactly one is given, or it cannot be read.
    """
    from features.errors import RiskError
    from training.band_choice import of_budget, of_costs, of_precision

    given = [text for text in (budget, precision, costs) if text is not None]
    if len(given) != 1 or (budget is None) != (volume is None):
        raise RiskError(
            "give one of --budget (with --volume), --precision and --costs, "
            f"got {len(given)} of them{'' if volume is None else ' and --volume'}"
        )
    if budget is not None and volume is not None:
        wallets, per = _rate(volume)
        found = {}
        for band, text in _named(budget).items():
            reviews, unit = _rate(text)
            if unit != per:
                raise RiskError(f"--budget is per {unit} and --volume per {per}: give one unit")
            found[band] = of_budget(reviews, wallets, per)
        return found
    if precision is not None:
        return {band: of_precision(_number(text)) for band, text in _named(precision).items()}
    costs_of = dict(item.strip().partition("=")[::2] for item in str(costs).split(","))
    if set(costs_of) != {"review", "missed"}:
        raise RiskError(f"--costs {costs!r} is not of the form review=COST,missed=COST")
    return {USUAL_BAND: of_costs(_number(costs_of["review"]), _number(costs_of["missed"]))}


def bands_text(made: BandTable) -> str:
    """Say a band table for a reader."""
    rows = made.rows
    lines = [
        f"bands {made.name} of model {made.model_version}: {made.unit}",
        f"chosen by {made.chosen_by}",
        f"from {rows.count} rows of {rows.first:%Y-%m-%d} to {rows.last:%Y-%m-%d}",
    ]
    for band, lowest in made.thresholds.items():
        seen = made.seen[band]
        line = f"  {band:7} from {lowest:.4g}: {seen.share:.2%} of wallets ({seen.rows} rows)"
        if seen.precision is not None and seen.recall is not None:
            line += f", precision {seen.precision:.2f}, recall {seen.recall:.2f}"
        lines.append(line)
    return "\n".join(lines)


def _rows(
    model: RiskModel,
    scores: Path | None,
    table: Path | None,
    labels: Path | None,
    written: TableOptions,
) -> pd.DataFrame:
    """Scored rows, read or made."""
    import pandas as pd

    from features.errors import RiskError
    from features.ledger.counted import Counted
    from features.sources.feature_tables import read_feature_table
    from features.sources.files import read_labels
    from training.evaluation import evaluate

    if (scores is None) == (table is None) or (table is None) != (labels is None):
        raise RiskError("give --scores FILE, or --table FILE and --labels FILE")
    if table is not None and labels is not None:
        rows = read_feature_table(table)
        chain = Counted.of_attrs(rows.attrs).chain
        known = read_labels(labels, **written.of("labels"), chain=chain)
        return evaluate(model, rows, known).scores
    try:
        rows = pd.read_parquet(str(scores))
    except (OSError, ValueError) as error:
        raise RiskError(f"{scores} cannot be read as parquet: {error}") from error
    rows = rows.set_index([name for name in ("wallet", "as_of") if name in rows])
    if "probability" not in rows or "as_of" not in rows.index.names:
        raise RiskError(
            f"{scores} needs as_of and probability, and y_true where known; "
            f"it has {', '.join(map(str, [*rows.index.names, *rows.columns]))}"
        )
    return rows


def _named(text: str) -> dict[str, str]:
    """Values by band, of a text such as ``high=50/day,severe=5/day``; one alone is of ``high``."""
    from features.errors import RiskError
    from training.bands import BANDS

    found: dict[str, str] = {}
    for item in text.split(","):
        band, equals, value = (part.strip() for part in item.rpartition("="))
        band = band if equals else USUAL_BAND
        if band not in BANDS or band in found:
            raise RiskError(f"band {band!r} in {text!r}: name each of {', '.join(BANDS)} once")
        found[band] = value
    return found


def _rate(text: str) -> tuple[float, str]:
    number, _, per = text.partition("/")
    return _number(number), per.strip() or "day"


def _number(text: str) -> float:
    import math

    from features.errors import RiskError

    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RiskError(f"{text.strip()!r} is no number")
    return number
