"""The cache of compiled kernels."""

from pathlib import Path

import features
from features._numba import CACHE, digest


def test_a_change_of_any_source_is_another_cache(tmp_path: Path) -> None:
    sources = sorted(Path(features.__file__).parent.glob("*.py"))
    for source in sources:
        (tmp_path / source.name).write_bytes(source.read_bytes())
    assert CACHE.name == f"kernels-{digest(tmp_path)}"
    seen = {digest(tmp_path)}
    for source in sources:
        copy = tmp_path / source.name
        copy.write_bytes(source.read_bytes() + b"\n")
        seen.add(digest(tmp_path))
        copy.write_bytes(source.read_bytes())
    assert len(seen) == len(sources) + 1
