"""Array types that kernels read and fill."""

from typing import Any

import numpy as np
import numpy.typing as npt

Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.integer[Any]]  # of any width
Float64s = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float64]  # shape (n, columns)
Records = npt.NDArray[np.void]  # of named fields
Record = Any  # one of them
