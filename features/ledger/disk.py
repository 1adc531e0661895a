"""A ledger on disk: plain arrays that are memory-mapped, and a manifest that names them.

``manifest.json`` points to the folder of one generation; it is replaced atomically after that
folder is complete, so a crash at any moment leaves the former ledger or the new one, whole.
"""

import json
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.errors import LedgerError
from features.ledger.files import (
    ASSETS,
    BY_PLACE,
    BY_WALLET,
    KIND,
    ROWS,
    SIDES,
    TX_IDS,
    UNPRICED,
    WALLET_HASH,
    WALLETS,
)
from features.ledger.folder import DRAFT, GENERATION, MANIFEST, MANIFEST_DRAFT
from features.ledger.former import refuse_spellings, settled
from features.ledger.known_whole import Checking, is_known
from features.ledger.lock import writing
from features.ledger.manifest import (
    Manifest,
    is_of_one_asset_format,
    manifest_text,
    read_manifest,
)
from features.ledger.mapped import (
    map_array,
    map_assets,
    map_kinds,
    map_scales,
    map_slices,
    map_text,
    map_unpriced,
)
from features.ledger.names import Names
from features.ledger.provenance import Provenance
from features.ledger.slices import Slices
from features.ledger.sound import fault
from features.ledger.state import Origin, State
from features.ledger.sums import checksums, sums


def write_ledger(directory: Path, ledger: State) -> Origin:
    """Write a ledger without slack; see :meth:`features.Ledger.save`."""
    with writing(directory):
        _refuse_outdated(directory, ledger.origin)
        return write_generation(directory, lambda draft: _write_state(draft, ledger))


def write_generation(directory: Path, write: Callable[[Path], Manifest]) -> Origin:
    """Let ``write`` fill a folder with all files of a ledger, and put it in place of what is there.

    What it returns tells what it wrote, but for the generation.

    Raises
    ------
    LedgerError
        It could not be written; what was there before is whole.
    """
    with writing(directory):
        name = uuid.uuid4().hex
        draft, generation = directory / f"{DRAFT}{name}", directory / f"{GENERATION}{name}"
        try:
            draft.mkdir()
            manifest = write(draft)._replace(generation=generation.name)
            sync_folder(draft)
            draft.rename(generation)
            _replace(directory / MANIFEST, manifest_text(manifest))
        except OSError as error:
            raise _not_saved(directory, generation.name, error) from error
        finally:
            _remove_all_but(directory, _present(directory), written=generation.name)
        return Origin(directory.resolve(), generation.name)


def _not_saved(directory: Path, generation: str, error: OSError) -> LedgerError:
    state = "was not saved, what was there before is whole"
    if _present(directory) == generation:
        state = "was saved but may not outlive a loss of power"
    why = error.strerror or f"not all of it could be written, {error}"  # as numpy says it
    return LedgerError(f"ledger {directory} {state}: {why}")


def _write_state(folder: Path, ledger: State) -> Manifest:
    n, assets, scales = ledger.n_transfers, ledger.assets, ledger.scales
    _write(folder / WALLET_HASH, ledger.wallets.hashes)
    _write(folder / KIND, ledger.kinds.kind[: ledger.n_wallets])
    for name, array in _arrays(ledger).items():
        _write(folder / f"{name}.npy", array)
    if not assets.plain:
        _write_text(folder / ASSETS, assets.names.text)
    _write_text(folder / WALLETS, ledger.wallets.text)
    _write_text(folder / TX_IDS, ledger.transactions.text)
    return Manifest(
        generation="",
        chain=assets.chain,
        unit=assets.unit,
        plain=assets.plain,
        assets=len(assets.names),
        transfers=n,
        unpriced=ledger.unpriced.outgoing.used,
        wallets=ledger.n_wallets,
        dust=ledger.dust.used,
        beginnings=scales.used,
        last_time_us=ledger.last_time,
        **sums(folder, plain=assets.plain),
        provenance=ledger.provenance.facts(),
    )


def _arrays(ledger: State) -> dict[str, npt.NDArray[Any]]:
    """All arrays without their slack, by the names of their files."""
    n, assets, scales = ledger.n_transfers, ledger.assets, ledger.scales
    arrays = {name: getattr(ledger, name)[:n] for name in ROWS}
    for side in SIDES:
        arrays |= _slice_arrays(side, getattr(ledger, side), ledger.n_wallets)
    for side, slices in zip(UNPRICED, ledger.unpriced, strict=True):
        arrays |= _slice_arrays(side, slices, ledger.n_wallets)
    if not assets.plain:
        arrays |= {"asset": assets.code[:n], "amount": assets.amount[:n]}
    arrays |= {name: getattr(scales, name)[: ledger.n_wallets] for name in ("scale", "begun")}
    arrays["beginnings"] = scales.beginnings[: scales.used]
    return arrays


def _slice_arrays(side: str, slices: Slices, n_wallets: int) -> dict[str, npt.NDArray[Any]]:
    """Arrays of a side by the names of their files."""
    by_wallet = {f"{side}.{name}": getattr(slices, name)[:n_wallets] for name in BY_WALLET}
    by_place = {f"{side}.{name}": getattr(slices, name)[: slices.used] for name in BY_PLACE}
    return by_wallet | by_place


def read_ledger(
    directory: Path, advance: Callable[[int], None] = lambda _: None, *, anew: bool = False
) -> State:
    """Read what a ledger holds, memory-mapped; changes are private to the process.

    Every file is compared with its checksum, which ``advance`` counts, and every code, row and
    slice with the arrays that it leads to: kernels check none. A large ledger that passed before,
    and that nobody touched since, passes at once (:mod:`features.ledger.known_whole`), unless it is
    to be checked ``anew``.
    """
    manifest = read_manifest(directory)
    while True:
        try:
            return _read_whole(directory, manifest, advance, anew)
        except (LedgerError, OSError) as error:
            present = read_manifest(directory)
            if present.generation == manifest.generation:
                if isinstance(error, OSError):
                    raise LedgerError(f"damaged ledger {directory}: {error}") from error
                raise
            manifest = present  # a writer replaced the one that was being read


def _read_whole(
    directory: Path, manifest: Manifest, advance: Callable[[int], None], anew: bool
) -> State:
    """A generation that is as it was written, and leads nowhere that it may not."""
    folder = directory / manifest.generation
    if not anew and not manifest.former and is_known(folder, manifest):
        return _map_generation(directory, manifest)
    checking = Checking(folder, manifest)
    _check_files(directory, manifest, advance)
    state = _map_generation(directory, manifest)
    if is_of_one_asset_format(directory):
        refuse_spellings(directory, state.wallets.text)
    found = fault(state)
    if found:
        raise LedgerError(f"damaged ledger {directory}: {found}")
    checking.passed()
    return settled(state) if manifest.former else state


def note_whole(directory: Path, advance: Callable[[int], None] = lambda _: None) -> None:
    """Compare what this process wrote with its checksums, so that it is known whole when opened.

    Nothing is mapped, and what leads from array to array is not followed: who wrote it knows.
    """
    manifest = read_manifest(directory)
    checking = Checking(directory / manifest.generation, manifest)
    _check_files(directory, manifest, advance)
    checking.passed()


def _map_generation(directory: Path, manifest: Manifest) -> State:
    folder = directory / manifest.generation
    n, wallets = manifest.transfers, manifest.wallets
    rows = {name: map_array(folder / f"{name}.npy", kind, n) for name, kind in ROWS.items()}
    names = Names(
        map_text(folder / WALLETS, wallets),
        map_array(folder / WALLET_HASH, np.uint64, wallets),
    )
    return State(
        assets=map_assets(folder, manifest),
        wallets=names,
        kinds=map_kinds(folder, manifest, names),
        transactions=Names(map_text(folder / TX_IDS, n), rows["tx_hash"]),
        incoming=map_slices(folder, "incoming", manifest),
        outgoing=map_slices(folder, "outgoing", manifest),
        dust=map_slices(folder, "dust", manifest),
        unpriced=map_unpriced(folder, manifest),
        scales=map_scales(folder, manifest),
        **rows,
        n_transfers=n,
        last_time=manifest.last_time_us,
        origin=Origin(directory.resolve(), manifest.generation),
        provenance=_provenance(directory, manifest),
    )


def read_provenance(directory: Path) -> Provenance:
    """Where a ledger's content comes from, by its manifest alone; no other file is read.

    Raises
    ------
    LedgerError
        There is no manifest, or it is not as it was written.
    """
    return _provenance(directory, read_manifest(directory))


def _provenance(directory: Path, manifest: Manifest) -> Provenance:
    try:
        return Provenance.of_facts(manifest.provenance)
    except ValueError:
        raise LedgerError(
            f"damaged ledger {directory}: {MANIFEST} lacks a valid provenance"
        ) from None


def _check_files(directory: Path, manifest: Manifest, advance: Callable[[int], None]) -> None:
    """Raise unless every file is there and as it was written."""
    folder = directory / manifest.generation
    files = manifest.files
    for listed in (manifest.bytes, manifest.crc32):
        odd = sorted({*files} ^ listed.keys())
        if odd:
            raise LedgerError(
                f"damaged ledger {directory}: {MANIFEST} lists other files, see {odd[0]!r}"
            )
    for name, size in manifest.bytes.items():
        path = folder / name
        found = path.stat().st_size if path.is_file() else None
        if found != size:
            state = "missing" if found is None else f"{found} bytes"
            raise LedgerError(
                f"damaged ledger {directory}: {name} is {state}, expected {size} bytes"
            )
    for name, found in zip(files, checksums(folder, files, advance), strict=True):
        if found != manifest.crc32[name]:
            raise LedgerError(
                f"damaged ledger {directory}: {name} is not as it was written, its checksum is "
                f"{found}, expected {manifest.crc32[name]}"
            )


def _present(directory: Path) -> str | None:
    """Name of the generation that a folder's manifest points to, None where it tells none."""
    try:
        return str(json.loads((directory / MANIFEST).read_bytes())["generation"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _refuse_outdated(directory: Path, origin: Origin | None) -> None:
    """Raise where another writer saved since a ledger was opened here: its transfers would go."""
    present = _present(directory)
    if origin and present not in (None, origin.generation) and directory.resolve() == origin.folder:
        raise LedgerError(
            f"ledger {directory} was saved by another writer after this one was opened; "
            "nothing was written: open it again and repeat the change"
        )


def _remove_all_but(directory: Path, present: str | None, *, written: str) -> None:
    """Remove what saves left, the former generation and unfinished ones.

    A process that has one mapped keeps it; one that is about to map it finds it gone, and reads
    the manifest again. Where a manifest tells nothing, only what was just ``written`` goes.
    """
    (directory / MANIFEST_DRAFT).unlink(missing_ok=True)
    former = directory.glob(f"{GENERATION}*") if present else [directory / written]
    for left in (*directory.glob(f"{DRAFT}*"), *former):
        if left.name != present and left.is_dir():
            shutil.rmtree(left)


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
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Write a file to the disk, so that it outlives a loss of power."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to the disk, so that a rename outlives a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
