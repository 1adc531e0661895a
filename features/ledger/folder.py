"""What lies in a ledger's folder, by name."""

from pathlib import Path

from features.errors import LedgerError

MANIFEST, MANIFEST_DRAFT, LOCK = "manifest.json", "manifest.draft", "writer.lock"
GENERATION, DRAFT = "generation-", "draft-"  # folders: whole ones, and those being written


def holds_ledger(directory: Path) -> bool:
    """Whether there is a ledger, whole or damaged: what a cut-off first save leaves is none."""
    return (directory / MANIFEST).exists() or any(directory.glob(f"{GENERATION}*"))


def refuse_others(directory: Path) -> None:
    """Raise LedgerError unless the place is free, a ledger, or what a cut-off save left."""
    try:  # one look: another writer may make the folder between two
        strangers = sorted(path.name for path in directory.iterdir() if not _is_ours(path.name))
    except FileNotFoundError:
        strangers = []
    except NotADirectoryError:
        strangers = [directory.name]
    if strangers:
        raise LedgerError(
            f"{directory} exists and is no ledger (it holds {strangers[0]!r}); nothing was written"
        )


def _is_ours(name: str) -> bool:
    return name in (MANIFEST, MANIFEST_DRAFT, LOCK) or name.startswith((GENERATION, DRAFT))
