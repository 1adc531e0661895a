"""The files of a saved ledger, memory-mapped; each is refused where it holds something else."""

from pathlib import Path
from tokenize import TokenError
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.errors import LedgerError
from features.kernel import text_hashes
from features.ledger.assets import Assets
from features.ledger.files import (
    ASSETS,
    BY_PLACE,
    BY_WALLET,
    KIND,
    OF_ASSETS,
    SCALES,
    UNPRICED,
    WALLETS,
)
from features.ledger.kinds import WalletKinds
from features.ledger.manifest import Manifest
from features.ledger.materiality import Scales
from features.ledger.names import Names
from features.ledger.side import NOTHING
from features.ledger.slices import Slices
from features.ledger.state import Unpriced

# what numpy and Arrow raise for a header that somebody wrote
_BAD_FILE = (
    pa.ArrowException, OSError, ValueError, TypeError, LookupError, OverflowError, SyntaxError,
    TokenError, RecursionError, MemoryError,
)  # fmt: skip


def map_scales(folder: Path, manifest: Manifest) -> Scales:
    """Scales of a generation."""
    sizes = manifest.wallets, manifest.wallets, manifest.beginnings
    scale, begun, beginnings = (
        map_array(folder / f"{name}.npy", kind, size)
        for (name, kind), size in zip(SCALES.items(), sizes, strict=True)
    )
    return Scales(scale, begun, beginnings, used=manifest.beginnings)


def map_kinds(folder: Path, manifest: Manifest, wallets: Names) -> WalletKinds:
    """Kinds of wallets; a folder of before has none, and they are told by the names."""
    if manifest.former:
        try:
            wallets.text.validate(full=True)
        except pa.ArrowInvalid as error:
            raise _damaged(folder / WALLETS, error) from None
        return WalletKinds.of(wallets, manifest.chain)
    return WalletKinds(map_array(folder / KIND, np.int8, manifest.wallets), manifest.wallets)


def map_assets(folder: Path, manifest: Manifest) -> Assets:
    """What a ledger is of; codes that lead nowhere are refused, as names are looked up by them."""
    if manifest.plain:
        return Assets.of_unit(manifest.chain, manifest.unit)
    names = map_text(folder / ASSETS, manifest.assets)
    code, amount = (
        map_array(folder / f"{name}.npy", kind, manifest.transfers)
        for name, kind in OF_ASSETS.items()
    )
    return Assets(
        manifest.chain, manifest.unit, False, Names(names, text_hashes(names)), code, amount
    )


def map_unpriced(folder: Path, manifest: Manifest) -> Unpriced:
    """Transfers of no known value, or of none."""
    if manifest.plain and manifest.former:
        return Unpriced(Slices.build(NOTHING, 0), Slices.build(NOTHING, 0))
    return Unpriced(*(map_slices(folder, side, manifest) for side in UNPRICED))


def map_slices(folder: Path, side: str, manifest: Manifest) -> Slices:
    """One side of a generation."""
    priced = manifest.transfers - manifest.unpriced
    used = {"outgoing": priced, "incoming": priced - manifest.dust, "dust": manifest.dust}.get(
        side, manifest.unpriced
    )
    none = side in UNPRICED and manifest.plain and not used
    sizes = dict.fromkeys(BY_WALLET, 0 if none else manifest.wallets)
    sizes |= dict.fromkeys(BY_PLACE, used)
    arrays = {
        name: map_array(folder / f"{side}.{name}.npy", kind, sizes[name])
        for name, kind in {**BY_WALLET, **BY_PLACE}.items()
    }
    return Slices(**arrays, room=arrays["count"].copy(), used=used)


def map_array(path: Path, kind: npt.DTypeLike, size: int) -> npt.NDArray[Any]:
    """An array of a type and size."""
    # copy-on-write: kernels see one array type, whether a ledger was built or opened
    try:
        array = np.asarray(np.lib.format.open_memmap(path, mode="c"))
    except _BAD_FILE as error:
        raise _damaged(path, error) from None
    if array.dtype != kind or array.shape != (size,):
        expected = f"{np.dtype(kind)} of ({size},)"
        raise _damaged(path, f"it holds {array.dtype} of {array.shape}, expected {expected}")
    return array


def map_text(path: Path, size: int) -> pa.LargeStringArray:
    """An Arrow file of so many texts."""
    try:
        with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
            text: pa.Array[Any] = reader.get_batch(0).column(0)
            batches = reader.num_record_batches
        text.validate()
    except _BAD_FILE as error:
        raise _damaged(path, error) from None
    if text.type != pa.large_string() or text.null_count or (batches, len(text)) != (1, size):
        found = f"{batches} batches, the first with {len(text)} of {text.type}"
        raise _damaged(path, f"it holds {found}, expected {size} texts")
    return cast("pa.LargeStringArray", text)


def _damaged(path: Path, why: object) -> LedgerError:
    said = " ".join(str(why).split())
    return LedgerError(f"damaged ledger {path.parents[1]}: {path.name}: {said}")
