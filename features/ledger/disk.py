"""A ledger on disk: plain arrays that are memory-mapped, and a manifest that names them.

``manifest.json`` points to the folder of one generation; it is replaced atomically after that
folder is complete, so a crash at any moment leaves the former ledger or the new one, whole.
"""

import json
import os
import shutil
import uuid
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.errors import LedgerError
from features.ledger.folder import DRAFT, GENERATION, MANIFEST, MANIFEST_DRAFT
from features.ledger.lock import writing
from features.ledger.names import Names
from features.ledger.provenance import Provenance
from features.ledger.slices import Slices
from features.ledger.state import Origin, State

FORMAT_VERSION = 3
_SIDES = ("incoming", "outgoing")
_ROWS = ("sender", "position", "tx_hash")
_SLICES = ("start", "count", "time", "counterparty", "transfer", "amount")
_ARRAYS = (*_ROWS, "wallet_hash", *(f"{side}.{name}" for side in _SIDES for name in _SLICES))
_FILES = {*(f"{name}.npy" for name in _ARRAYS), "wallets.arrow", "tx_ids.arrow"}


class _Manifest(NamedTuple):
    """What ``manifest.json`` holds beside the version of its format."""

    generation: str
    asset: str
    transfers: int
    wallets: int
    last_time_us: int | None
    bytes: dict[str, int]  # size of each file
    provenance: dict[str, Any]  # see Provenance.facts


_KINDS: dict[str, type | UnionType] = {
    "generation": str,
    "asset": str,
    "transfers": int,
    "wallets": int,
    "last_time_us": int | None,
    "bytes": dict,
    "provenance": dict,
}


def write_ledger(directory: Path, ledger: State) -> Origin:
    """Write a ledger without slack; see :meth:`features.Ledger.save`."""
    with writing(directory):
        _refuse_outdated(directory, ledger.origin)
        name = uuid.uuid4().hex
        draft, generation = directory / f"{DRAFT}{name}", directory / f"{GENERATION}{name}"
        try:
            draft.mkdir()
            manifest = _write_generation(draft, ledger)._replace(generation=generation.name)
            draft.rename(generation)
            written = {"format_version": FORMAT_VERSION, **manifest._asdict()}
            _replace(directory / MANIFEST, json.dumps(written, indent=2))
        except BaseException:
            if _present(directory) != generation.name:
                shutil.rmtree(generation, ignore_errors=True)
            raise
        finally:
            _remove_all_but(directory, _present(directory))
        return Origin(directory.resolve(), generation.name)


def _present(directory: Path) -> str | None:
    """Name of the generation that a folder's manifest points to, None where it tells none."""
    try:
        return str(json.loads((directory / MANIFEST).read_bytes())["generation"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _refuse_outdated(directory: Path, origin: Origin | None) -> None:
    """Raise where another writer saved since a ledger was opened here: its transfers would go."""
    present = _present(directory)
    if origin and present not in (None, origin.generation) and directory.resolve() == origin.folder:
        raise LedgerError(
            f"ledger {directory} was saved by another writer after this one was opened; "
            "nothing was written: open it again and repeat the change"
        )


def _remove_all_but(directory: Path, generation: str | None) -> None:
    """Remove what saves left, the former generation and unfinished ones.

    A process that has one mapped keeps it; one that is about to map it finds it gone, and reads
    the manifest again.
    """
    (directory / MANIFEST_DRAFT).unlink(missing_ok=True)
    for kind in (DRAFT, *([GENERATION] if generation else [])):
        for old in directory.glob(f"{kind}*"):
            if old.name != generation:
                shutil.rmtree(old)


def _write_generation(folder: Path, ledger: State) -> _Manifest:
    arrays = {name: getattr(ledger, name)[: ledger.n_transfers] for name in _ROWS}
    for side, slices in (("incoming", ledger.incoming), ("outgoing", ledger.outgoing)):
        arrays |= {f"{side}.{name}": getattr(slices, name) for name in _SLICES}
    arrays["wallet_hash"] = ledger.wallets.hashes
    for name, array in arrays.items():
        _write(folder / f"{name}.npy", array)
    _write_text(folder / "wallets.arrow", ledger.wallets.text)
    _write_text(folder / "tx_ids.arrow", ledger.transactions.text)
    _sync_folder(folder)
    return _Manifest(
        generation="",
        asset=ledger.asset,
        transfers=ledger.n_transfers,
        wallets=ledger.n_wallets,
        last_time_us=ledger.last_time,
        bytes={path.name: path.stat().st_size for path in sorted(folder.iterdir())},
        provenance=ledger.provenance.facts(),
    )


def read_ledger(directory: Path) -> State:
    """Read what a ledger holds, memory-mapped; changes are private to the process."""
    manifest = _read_manifest(directory)
    while True:
        try:
            return _read_generation(directory, manifest)
        except (LedgerError, OSError):
            present = _read_manifest(directory)
            if present.generation == manifest.generation:
                raise
            manifest = present  # a writer replaced the one that was being read


def _read_generation(directory: Path, manifest: _Manifest) -> State:
    folder = directory / manifest.generation
    for name, size in manifest.bytes.items():
        path = folder / name
        found = path.stat().st_size if path.is_file() else None
        if found != size:
            state = "missing" if found is None else f"{found} bytes"
            raise LedgerError(
                f"damaged ledger {directory}: {path.name} is {state}, expected {size} bytes"
            )
    rows = {name: _map(folder / f"{name}.npy") for name in _ROWS}
    wallets = Names(_map_text(folder / "wallets.arrow"), _map(folder / "wallet_hash.npy"))
    return State(
        asset=manifest.asset,
        wallets=wallets,
        transactions=Names(_map_text(folder / "tx_ids.arrow"), rows["tx_hash"]),
        incoming=_map_slices(folder, "incoming"),
        outgoing=_map_slices(folder, "outgoing"),
        sender=rows["sender"],
        position=rows["position"],
        tx_hash=rows["tx_hash"],
        n_transfers=manifest.transfers,
        last_time=manifest.last_time_us,
        origin=Origin(directory.resolve(), manifest.generation),
        provenance=_provenance(directory, manifest.provenance),
    )


def _read_manifest(directory: Path) -> _Manifest:
    path = directory / MANIFEST
    if not path.is_file():
        raise LedgerError(f"{directory} is no ledger: it has no {MANIFEST}")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LedgerError(f"damaged ledger {directory}: {MANIFEST} is no JSON ({error})") from None
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if version != FORMAT_VERSION:
        raise LedgerError(
            f"ledger {directory} has format version {version!r}, this release reads "
            f"{FORMAT_VERSION}; ingest the transfers again"
        )
    for name, kind in _KINDS.items():
        if name not in manifest or not isinstance(manifest[name], kind):
            raise LedgerError(f"damaged ledger {directory}: {MANIFEST} lacks a valid {name}")
    unlisted = sorted(_FILES - manifest["bytes"].keys())
    if unlisted:
        raise LedgerError(f"damaged ledger {directory}: {MANIFEST} does not list {unlisted[0]}")
    return _Manifest(**{name: manifest[name] for name in _KINDS})


def _provenance(directory: Path, facts: dict[str, Any]) -> Provenance:
    try:
        return Provenance.of_facts(facts)
    except ValueError:
        raise LedgerError(
            f"damaged ledger {directory}: {MANIFEST} lacks a valid provenance"
        ) from None


def _map_slices(folder: Path, side: str) -> Slices:
    start, count, time, other, transfer, amount = (
        _map(folder / f"{side}.{name}.npy") for name in _SLICES
    )
    if ((start < 0) | (count < 0) | (start + count > time.size)).any():
        raise LedgerError(f"damaged ledger: {folder}, a slice of {side} lies outside its array")
    return Slices(start, count, count.copy(), time, other, transfer, amount, used=time.size)


def _map(path: Path) -> npt.NDArray[Any]:
    # copy-on-write: kernels see one array type, whether a ledger was built or opened
    try:
        return np.asarray(np.load(path, mmap_mode="c", allow_pickle=False))
    except ValueError as error:
        raise LedgerError(f"damaged ledger: {path} ({error})") from None


def _map_text(path: Path) -> pa.LargeStringArray:
    try:
        with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
            return cast("pa.LargeStringArray", reader.get_batch(0).column(0))
    except (pa.ArrowInvalid, OSError) as error:
        raise LedgerError(f"damaged ledger: {path} ({error})") from None


def _write(path: Path, array: npt.NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        os.fsync(file.fileno())


def _write_text(path: Path, text: pa.LargeStringArray) -> None:
    batch = pa.record_batch([text], names=["text"])
    with path.open("wb") as file:
        with pa.ipc.new_file(file, batch.schema) as writer:
            writer.write_batch(batch)
        os.fsync(file.fileno())


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(MANIFEST_DRAFT)
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Write a folder's entries to the disk, so that a rename outlives a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
