"""The front door: one command line, and the public names of features, training and serving.

Heavy libraries are imported by the command that needs them and at the first use of a name, so that
``--help`` answers at once.
"""

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

import features.cluster_commands
import features.commands
import features.label_commands
import features.ledger_commands
import serving.commands
import serving.known.commands
import training.commands
import training.networks.pretraining.commands
import training.tune.commands
import training.watch.commands
from features.commands import AsJson, say

if TYPE_CHECKING:
    from features import *  # noqa: F403 - whatever a package makes public, this module does
    from serving import *  # noqa: F403
    from training import *  # noqa: F403
    from training.gate.replay import Served

__version__ = "0.1.0"

_PACKAGES = (features, training, serving)
__all__ = []
__all__ += features.__all__
__all__ += training.__all__
__all__ += serving.__all__


def __getattr__(name: str) -> Any:
    """Find a public name of a package, which imports what it needs only then."""
    for package in _PACKAGES:
        if name in package.__all__:
            return getattr(package, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


MISTAKE = 2
INTERRUPTED = 130

app = typer.Typer(
    help="Calibrated probability that a cryptocurrency wallet is illicit, with reasons.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_everywhere = typer.Typer(add_completion=False)  # whose options every command has


def _quiet(context: typer.Context, wanted: bool) -> None:
    if wanted:  # what ends a command is still said: the context closes before
        context.with_resource(_nothing_said())


@contextmanager
def _nothing_said() -> Iterator[None]:
    with Path(os.devnull).open("w", encoding="utf-8") as nothing, redirect_stderr(nothing):
        yield


def _verbose(wanted: bool) -> None:
    if wanted:
        os.environ["MLFLOW_LOGGING_LEVEL"] = "INFO"
        os.environ.setdefault("WALLETRISK_LOG_LEVEL", "info")
        warnings.simplefilter("default")


@_everywhere.command()
def _common(
    quiet: Annotated[
        bool,
        typer.Option(
            "-q", "--quiet", callback=_quiet, is_eager=True, expose_value=False,
            help="Nothing on stderr but what ends it.",
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "-v", "--verbose", callback=_verbose, is_eager=True, expose_value=False,
            help="Warnings and messages of libraries, and requests of serve.",
        ),
    ] = False,
) -> None:  # fmt: skip
    """Only its options are of use."""


def command_line() -> Any:
    """All commands, each with the options that every one has."""
    common = typer.main.get_command(_everywhere).params
    whole = typer.main.get_command(app)
    left: list[Any] = [whole]
    while left:
        one = left.pop()
        one.params += common
        left += getattr(one, "commands", {}).values()
    return whole


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a user's mistake ends it with one line and exit code 2."""
    # MLflow would report every run to its makers, and every step to the terminal
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    warnings.filterwarnings("ignore", module="mlflow")
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    try:
        for argument in arguments:
            argument.encode()  # what is no UTF-8 comes as lone surrogates
        given = list(arguments) or ["--help"]
        code = command_line().main(given, prog_name="walletrisk", standalone_mode=False)
    except TyperException as error:
        message = error.format_message()
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except UnicodeError as error:
        message = f"text that is no UTF-8: {error}"
    except MemoryError as error:
        message = f"there is not enough memory for this: {error}"
    except (ValueError, OSError) as error:
        if not _is_mistake(error):
            raise
        message = str(error)
    else:
        return code if isinstance(code, int) else 0
    print(f"walletrisk: error: {' '.join(message.split())}", file=sys.stderr)
    return MISTAKE


def _is_mistake(error: Exception) -> bool:
    """Whether the user can mend it: bad input, or a path that is not there or not allowed."""
    from features.errors import RiskError

    places = (FileExistsError, FileNotFoundError, NotADirectoryError, PermissionError)
    return isinstance(error, (RiskError, IsADirectoryError, *places))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    _: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print it, and stop."),
    ] = False,
) -> None:
    context.obj = _endpoint


def _endpoint(served: "Served", questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Replay a training's rows: training must not import serving, this module may."""
    from serving.in_process import answers

    return answers(served, questions)


_labels = typer.Typer(help=features.label_commands.app.info.help)
_labels.add_typer(features.label_commands.app)
_labels.add_typer(serving.known.commands.labels)
app.add_typer(features.commands.app)
app.add_typer(features.ledger_commands.app, name="ledger")
app.add_typer(_labels, name="labels")
app.add_typer(serving.known.commands.feedback, name="feedback")
app.add_typer(features.cluster_commands.app, name="clusters")
app.add_typer(training.commands.app)
app.add_typer(training.networks.pretraining.commands.app)
app.add_typer(training.tune.commands.app)
app.add_typer(training.watch.commands.app)
app.add_typer(serving.commands.app)


@app.command(epilog="Example: walletrisk demo --exit")
def demo(
    exit_: Annotated[bool, typer.Option("--exit", help="Stop after the score.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where everything is written.")
    ] = Path("demo-run"),
    as_json: AsJson = False,
) -> None:
    """Go from a bundled simulated bank to a score over HTTP, and serve until Ctrl-C."""
    from features.progress import counter, progress
    from features.sources.files import read_labels, read_spine
    from features.warmup import compile_once, steps
    from serving.commands import settings
    from serving.demo import SCORE, serve_and_ask
    from serving.text import curl_line, score_text
    from training import demo as choices
    from training.commands import model_folder
    from training.gate.promotion import promote
    from training.gate.text import promotion_text
    from training.run import run
    from training.text import training_text

    work = choices.Workspace(folder)
    with progress() as advance:
        compile_once(progress=counter(advance, "kernels", steps()))
        advance("ledger", 0, 1)
        ledger = choices.prepare(Path(__file__).parent / "demo", work)
        advance("ledger", 1, 1)
        done = run(work.config, progress=advance, endpoint=_endpoint)
    promoted = promote(done.version, name=done.name, tracking_uri=work.tracking_uri)
    if not as_json:
        print(f"{work.ledger}: {ledger.n_transfers} transfers of {ledger.n_wallets} accounts")
        print(f"{training_text(done)}\n{promotion_text(promoted)}\n\n{choices.CHOICE}")
    asked = read_spine(work.aside)
    scores = done.trained.model.score(ledger, asked)
    wallet, as_of = choices.example_wallet(scores, read_labels(work.labels))
    question = {"wallet": wallet, "as_of": as_of.isoformat()}

    def show(url: str, answer: dict[str, Any]) -> None:
        if as_json:
            facts = {"ledger": str(work.ledger), "version": done.version, "url": url}
            say("", facts | {"question": question, "answer": answer}, as_json)
            sys.stdout.flush()
            return
        print(f"\n$ {curl_line(url + SCORE, question)}\n{score_text(answer)}\n")
        print(
            "stopped" if exit_ else f"serving on {url}, API at {url}/docs; Ctrl-C stops", flush=True
        )

    model = model_folder(f"models:/{done.name}@champion", work.tracking_uri)
    chosen = settings(work.ledger, model, None).model_copy(update={"no_keys": True})
    serve_and_ask(chosen, question, port=port, once=exit_, show=show)


if __name__ == "__main__":
    main()
