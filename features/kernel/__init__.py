"""Compiled code: one way to compile and cache, and what every kernel may need."""

from features.kernel.arrays import (
    Float64s,
    Int8s,
    Int32s,
    Int64s,
    Integers,
    Record,
    Records,
    Rows,
    UInt64s,
)
from features.kernel.clock import DAY, HOUR, SECOND
from features.kernel.compiler import inner_kernel, kernel
from features.kernel.hash_table import (
    empty_table,
    first_slot,
    secret_of,
    secret_slot,
    slot_of,
    table_mask,
)
from features.kernel.ordering import hash_order
from features.kernel.prefetch import prefetch
from features.kernel.search import before, before_each
from features.kernel.text_hash import hash_place, string_hash, text_hashes

__all__ = [
    "DAY",
    "HOUR",
    "SECOND",
    "Float64s",
    "Int8s",
    "Int32s",
    "Int64s",
    "Integers",
    "Record",
    "Records",
    "Rows",
    "UInt64s",
    "before",
    "before_each",
    "empty_table",
    "first_slot",
    "hash_order",
    "hash_place",
    "inner_kernel",
    "kernel",
    "prefetch",
    "secret_of",
    "secret_slot",
    "slot_of",
    "string_hash",
    "table_mask",
    "text_hashes",
]
