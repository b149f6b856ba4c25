#!/bin/sh
# Runs a command without address randomization where that is allowed: the sanitizers of gcc 12 and clang 14 do not cope
# with the many random bits that newer kernels use.
if setarch -R true 2>/dev/null; then exec setarch -R "$@"; fi
exec "$@"
