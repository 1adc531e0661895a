#!/bin/sh
# Starts walletrisk where the root file system is read-only. Numba wants to write where it reads
# machine code, so that folder is made in /tmp, of links to what the image brought.
set -eu
umask 077
if [ ! -d "$NUMBA_CACHE_DIR" ]; then
    cp --recursive --symbolic-link "$COMPILED_KERNELS" "$NUMBA_CACHE_DIR"
fi
exec walletrisk "$@"
