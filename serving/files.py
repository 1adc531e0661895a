"""How many connections fit into the open files that the system allows this process."""

import contextlib
import os

SPARE_FILES = 32  # for the journal, kernels and whatever else is opened while serving
LEAST = 8


def room_for(connections: int, backlog: int) -> int:
    """Raise the limit on open files as far as needed, and return how many connections fit.

    Parameters
    ----------
    connections : int
        Wanted.
    backlog : int
        Connections that may be accepted before one too many is ended.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reserve = _lowest_free() + backlog + SPARE_FILES
    wanted = reserve + connections
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return connections
    return max(LEAST, min(connections, soft - reserve))


def _lowest_free() -> int:
    """Number of the next file: about how many are open."""
    handle = os.open(os.devnull, os.O_RDONLY)
    os.close(handle)
    return handle
