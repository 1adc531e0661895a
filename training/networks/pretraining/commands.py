"""``walletrisk pretrain``: an encoder taught on a whole ledger, without labels.

What the command computes with is imported inside it, so that ``--help`` answers at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from features.commands import AsJson, say

app = typer.Typer()

INTERRUPTED = 130


@app.command(epilog="Example: walletrisk pretrain encoder.toml")
def pretrain(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="What to learn from.")],
    as_json: AsJson = False,
) -> None:
    """Teach a graph network's encoder what wallets do next; no label is read.

    CONFIG.toml names the ledger, as_of (nothing at or after it is read) and the folder that out
    is written to. An interrupted command goes on where it was.
    """
    from features import Ledger
    from features.errors import RiskError
    from features.progress import counter, progress
    from features.warmup import compile_once, steps
    from training.networks.pretraining.pretrain_config import PretrainConfig

    try:
        from training.networks.pretraining.pretraining import pretrain
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in {"torch", "torch_geometric", "safetensors"}:
            raise
        raise RiskError("pretrain needs the extra: pip install 'walletrisk[gnn]'") from error
    told = PretrainConfig.read(config)
    ledger = Ledger.open(told.ledger)
    try:
        with progress() as advance:
            compile_once(progress=counter(advance, "kernels", steps()))
            done = pretrain(told, ledger, advance)
    except KeyboardInterrupt:
        typer.echo("interrupted; the same command goes on from where it was", err=True)
        raise typer.Exit(INTERRUPTED) from None
    facts = {"folder": str(done.folder), "untaught": done.untaught, "taught": done.taught}
    say(done.text(), facts, as_json)
