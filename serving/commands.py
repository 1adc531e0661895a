"""The commands of serving: an endpoint, and scores without one.

What a command computes with is imported inside it, so that ``--help`` answers at once.
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

import serving.access.commands
import serving.audit.commands
import serving.journal_commands
from features.commands import (
    AsJson,
    AsOf,
    LabelsFile,
    LedgerFolder,
    MapOption,
    TimeUnitOption,
    TimeZoneOption,
    say,
)
from training.commands import Model, TrackingUri

if TYPE_CHECKING:
    from serving.schemas.requests import SupposedTransfer
    from serving.settings import Settings

BandsFile = Annotated[
    Path | None,
    typer.Option("--bands", metavar="FILE", help="Band table that walletrisk bands wrote."),
]

ClustersOption = Annotated[
    Path | None,
    typer.Option("--clusters", metavar="FILE", help="Saved clusters, for level entity."),
]

OneLedger = Annotated[
    Path | None,
    typer.Option("--ledger", metavar="DIR", help="Ledger folder; several are named in --config."),
]
OneModel = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="Model folder, or models:/walletrisk@champion."),
]

MISTAKE = 2  # exit code

app = typer.Typer()
app.add_typer(serving.journal_commands.app, name="journal")
app.add_typer(serving.access.commands.app, name="keys")
app.add_typer(serving.audit.commands.app, name="audit")


@app.command(epilog="Example: walletrisk serve --ledger ledger --model models:/walletrisk@champion")
def serve(
    ledger: OneLedger = None,
    model: OneModel = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Settings in TOML; options and variables win over it."),
    ] = None,
    labels: LabelsFile = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8000,
    no_keys: Annotated[
        bool, typer.Option("--no-keys", help="Answer programs of this machine without a key.")
    ] = False,
    bands: BandsFile = None,
    clusters: ClustersOption = None,
    columns: MapOption = None,
    time_unit: TimeUnitOption = None,
    timezone: TimeZoneOption = None,
    as_json: AsJson = False,
    tracking_uri: TrackingUri = None,
) -> None:
    """Answer over HTTP until Ctrl-C; variables WALLETRISK_... set what has no option."""
    from features.progress import progress
    from serving.config_file import read_settings
    from serving.server import run

    given = beside_ledger(labels, bands, (columns, time_unit, timezone), clusters)
    given |= {"ledger": ledger, "model": model, "tracking_uri": tracking_uri}
    chosen = read_settings(config, given | {"no_keys": no_keys or None})
    with ExitStack() as until_ready:
        until_ready.enter_context(progress())

        def announce(url: str) -> None:
            until_ready.close()
            say(f"serving on {url}", {"url": url}, as_json)
            sys.stdout.flush()

        run(chosen, host=host, port=port, announce=announce)


@app.command(
    epilog="Example: walletrisk score --spine spine.csv --out scores.parquet --ledger ledger "
    "--model model; walletrisk score 0x8589427373d6d84e98730d7795d8f6f8731fda16 --ledger ledger "
    "--model model --as-of 2026-01-31T09:30:00Z"
)
def score(
    ledger: LedgerFolder,
    model: Model,
    wallets: Annotated[
        list[str] | None, typer.Argument(metavar="WALLET", help="-: the lines of stdin.")
    ] = None,
    spine: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Wallets and instants (csv, parquet, ndjson) instead."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Table (csv, parquet) or whole answers (ndjson)."),
    ] = None,
    labels: LabelsFile = None,
    as_of: AsOf = None,
    context: Annotated[
        str | None, typer.Option(metavar="NAME=NUMBER,...", help="The model's own columns.")
    ] = None,
    bands: BandsFile = None,
    level: Annotated[
        Literal["wallet", "entity"], typer.Option(help="entity: all wallets of its cluster as one.")
    ] = "wallet",
    clusters: ClustersOption = None,
    columns: MapOption = None,
    time_unit: TimeUnitOption = None,
    timezone: TimeZoneOption = None,
    exposure: Annotated[
        bool, typer.Option("--exposure", help="Tell which labelled wallets its money met.")
    ] = False,
    suppose: Annotated[
        list[str] | None,
        typer.Option(
            metavar="sender=W,recipient=W,amount=N,asset=A",
            help="What if this transfer had been made, too; repeat it.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A line of JSON a wallet; with --out: on all.")
    ] = False,
    tracking_uri: TrackingUri = None,
) -> None:
    """Score wallets, with reasons; one that is no address leaves the others their answers."""
    from features.progress import counter, progress
    from features.sources.known import TableOptions
    from features.warmup import compile_once, steps
    from serving.overrides import read_decisions
    from serving.score_command import (
        answered,
        print_answers,
        questions,
        require_ending,
        write_answers,
    )
    from serving.scoring.scorer import Scorer
    from serving.scoring.supposing import supposed_transfers
    from training.commands import model_folder

    when, given, wished = instant(as_of), numbers(context), supposed(suppose or ())
    if out is not None:
        require_ending(out)
    with progress() as advance:
        written = (columns, time_unit, timezone)
        folder = model_folder(model, tracking_uri)
        chosen = settings(ledger, folder, labels, bands, written, clusters)
        scorer, decisions = Scorer.load(chosen.only), read_decisions(chosen.records_url)
        chain = chosen.only.chain or scorer.held.ledger.chain
        compile_once(progress=counter(advance, "kernels", steps()))
        held = scorer.held
        asked = questions(wallets or (), spine, when, TableOptions(*written), held.ledger.chain)

        def ask(wallet: str, instant: int) -> dict[str, Any]:
            said = scorer.score(
                wallet, instant, context=given, exposure=exposure, level=level,
                transfers=supposed_transfers(wished, instant, held.address),
            )  # fmt: skip
            return said | {"override": decisions and decisions.told(chain, wallet, instant)}

        count = counter(advance, "scores", len(asked))
        answers = [*answered(asked, held.address, ask, count)]
        if out is not None:
            write_answers(out, answers)
    bad = sum("problem" in answer for answer in answers)
    if out is None:
        print_answers(answers, as_json=as_json)
    else:
        facts = {"out": str(out), "scored": len(answers) - bad, "problems": bad}
        say(f"{out}: {len(answers) - bad} wallets scored, {bad} problems", facts, as_json)
    if bad:
        raise typer.Exit(MISTAKE)


def supposed(texts: Sequence[str]) -> "list[SupposedTransfer]":
    """Read transfers that are supposed, each as ``sender=W,recipient=W,amount=N,asset=A``.

    Further fields are ``value`` and ``timestamp``.

    Raises
    ------
    RiskError
        One is not of this form, or lacks a field.

    Examples
    --------
    >>> supposed(["sender=a,recipient=b,amount=1.5,asset=ETH"])[0].amount
    '1.5'
    """
    from pydantic import ValidationError

    from features.errors import RiskError
    from serving.schemas.requests import SupposedTransfer

    found = []
    for text in texts:
        items = (item.partition("=") for item in text.split(","))
        try:
            fields = {name.strip(): value.strip() for name, _, value in items}
            found.append(SupposedTransfer.model_validate(fields))
        except ValidationError as error:
            first = error.errors()[0]
            place = first["loc"][0] if first["loc"] else ""
            raise RiskError(f"--suppose {text!r}: {place}: {first['msg']}") from error
    return found


def settings(
    ledger: Path,
    model: Path,
    labels: Path | None,
    bands: Path | None = None,
    written: tuple[str | None, str | None, str | None] = (None, None, None),
    clusters: Path | None = None,
) -> "Settings":
    """Join what the command names and what the environment sets.

    ``written`` says of the labels which columns are which, the unit of times, and their zone.

    Raises
    ------
    RiskError
        A variable ``WALLETRISK_...`` has a value that is not allowed.
    """
    from serving.config_file import read_settings

    given = beside_ledger(labels, bands, written, clusters)
    return read_settings(None, given | {"ledger": ledger, "model": str(model)})


def beside_ledger(
    labels: Path | None,
    bands: Path | None,
    written: tuple[str | None, str | None, str | None],
    clusters: Path | None,
) -> dict[str, Any]:
    """Name what options say of what stands beside a ledger as the settings do."""
    names = (
        "labels", "band_table", "clusters", "labels_map", "labels_time_unit", "labels_timezone",
    )  # fmt: skip
    return dict(zip(names, (labels, bands, clusters, *written), strict=True))


def instant(text: str | None) -> int:
    """Microseconds since 1970 UTC of an ISO 8601 time with an offset; None means now.

    Raises
    ------
    RiskError
        The text is no such time, or it lies in the future.

    Examples
    --------
    >>> instant("1970-01-01T00:00:01Z")
    1000000
    """
    from features.contracts.times import require_past
    from serving.clock import now_us, read_instant

    if text is None:
        return now_us()
    as_of = read_instant(text, "as-of")
    require_past(as_of, now=now_us())
    return as_of


def numbers(text: str | None) -> dict[str, float | None]:
    """Read named numbers, parted by commas.

    Raises
    ------
    RiskError
        An item is not of the form ``name=number``.

    Examples
    --------
    >>> numbers("kyc_age_days=12.5, country_risk=0.2")
    {'kyc_age_days': 12.5, 'country_risk': 0.2}
    """
    from features.errors import RiskError

    found: dict[str, float | None] = {}
    for item in text.split(",") if text else ():
        name, _, number = (part.strip() for part in item.partition("="))
        try:
            found[name] = float(number)
        except ValueError:
            raise RiskError(f"context {item.strip()!r} is not of the form name=number") from None
    return found
