"""Ask for memory before it is read, so that one waits for many places at once.

A wallet's transfers lie anywhere in arrays of gigabytes, and a processor waits some hundred
nanoseconds for each place that it has not at hand; it can wait for a dozen of them together.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba.core import cgutils as numba_cgutils
from numba.core import types
from numba.extending import intrinsic, overload

cgutils: Any = numba_cgutils  # without types, as all that writes machine code
ir: Any = cgutils.ir


def prefetch(array: npt.NDArray[np.generic], index: int) -> None:
    """Hint that an entry of an array will soon be read; ``index`` may lie behind its end.

    Nothing is read, and nothing goes wrong where there is no such entry.
    """


def _hint(_: Any, array: Any, index: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = signature.args[0]
        held = context.make_array(kind)(context, builder, given[0])
        place = cgutils.get_item_pointer(
            context, builder, kind, held, [given[1]], wraparound=False, boundscheck=False
        )
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        takes = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, takes, "llvm.prefetch.p0i8")
        to_read, to_be_kept, data = number(0), number(3), number(1)
        builder.call(function, [builder.bitcast(place, byte), to_read, to_be_kept, data])
        return context.get_dummy_value()

    return types.void(array, types.intp), code


_hinted: Any = intrinsic(_hint)


@overload(prefetch)
def _prefetch(array: Any, index: Any) -> Callable[[Any, Any], Any]:
    def compiled(array: Any, index: Any) -> Any:
        return _hinted(array, index)

    return compiled
