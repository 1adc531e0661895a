"""The commands of the gate and of the registry; what they compute with is imported inside them."""

from dataclasses import asdict
from typing import Annotated

import typer

from features.commands import AsJson, say

app = typer.Typer()
models = typer.Typer(help="Registered versions: list, compare, promote, roll back.")

Version = Annotated[str, typer.Argument(metavar="VERSION", help="Its number.")]
Name = Annotated[str, typer.Option(help="Registered name.")]
TrackingUri = Annotated[
    str | None,
    typer.Option(help="MLflow store; default: $MLFLOW_TRACKING_URI, else sqlite:///mlflow.db."),
]
Why = Annotated[str, typer.Option(help="What for; kept in the registry with who and when.")]
NAME = "walletrisk"


@app.command(epilog="Example: walletrisk promote 3 --why 'labels of May'")
@models.command(epilog="Example: walletrisk models promote 3 --why 'labels of May'")
def promote(
    version: Version,
    name: Name = NAME,
    why: Why = "",
    tracking_uri: TrackingUri = None,
    as_json: AsJson = False,
) -> None:
    """Make a version the champion if it passes the gate; if not, exit with code 1."""
    from training.gate.promotion import promote
    from training.gate.text import promotion_text

    promotion = promote(version, name=name, why=why, tracking_uri=tracking_uri)
    facts = {
        "version": promotion.version,
        "promoted": promotion.promoted,
        "lines": [asdict(line) for line in promotion.lines],
    }
    say(promotion_text(promotion), facts, as_json)
    raise typer.Exit(0 if promotion.promoted else 1)


@models.command("list", epilog="Example: walletrisk models list")
def list_versions(
    name: Name = NAME, tracking_uri: TrackingUri = None, as_json: AsJson = False
) -> None:
    """List all versions, the newest first, with who made which the champion, when and why."""
    from training import registry, tracking
    from training.gate.text import change_text, table_text, version_facts

    champion = tracking.champion(name, tracking_uri=tracking_uri)
    number = None if champion is None else champion.number
    found = registry.versions(name, tracking_uri=tracking_uri)
    rows = [version_facts(version, number) for version in found]
    changes = registry.history(name, tracking_uri=tracking_uri)
    told = ["", *map(change_text, changes)] if changes else []
    said = "\n".join([table_text(rows), *told])
    say(said, {"versions": rows, "changes": [asdict(change) for change in changes]}, as_json)


@models.command(epilog="Example: walletrisk models compare 4 3")
def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="Number of a version.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Number of the other.")],
    name: Name = NAME,
    tracking_uri: TrackingUri = None,
    as_json: AsJson = False,
) -> None:
    """Compare two versions on the test rows that both of their runs logged."""
    from training import tracking
    from training.gate.config import GateConfig
    from training.gate.promotion import compare_versions, evidence_of
    from training.gate.text import comparison_text

    both = [tracking.find(name, one, tracking_uri=tracking_uri) for one in (first, second)]
    stated = evidence_of(both[0], tracking_uri=tracking_uri)
    margin = GateConfig().margin if stated is None else stated.margin
    found = compare_versions(*both, margin=margin, tracking_uri=tracking_uri)
    facts = {"versions": [first, second], "verdict": found.verdict, **asdict(found)}
    say(comparison_text(first, second, found), facts, as_json)


@models.command(epilog="Example: walletrisk models rollback --why 'too many alerts'")
def rollback(
    why: Annotated[str, typer.Option(help="What for; kept in the registry with who and when.")],
    name: Name = NAME,
    tracking_uri: TrackingUri = None,
    as_json: AsJson = False,
) -> None:
    """Make the former champion the champion again."""
    from features.guests import all_views
    from training import registry
    from training.gate.text import change_text

    change = registry.rollback(name, why=why, tracking_uri=tracking_uri, views=all_views())
    say(change_text(change), asdict(change), as_json)


app.add_typer(models, name="models")
