#!/bin/sh
# Configures and builds one of the five builds, each in build/NAME. build.sh [--configure] NAME
#   release  what is installed            hooks  the same with the levers that tests need
#   check    ASan + UBSan, with levers    tsan   ThreadSanitizer, with levers
#   fuzz     clang, ASan + UBSan, libFuzzer targets alone
# With --configure it stops once the build is configured and generated sources are written (for lint).
set -eu
cd "$(dirname "$0")/.."

only_configure=no
[ "$1" != --configure ] || { only_configure=yes; shift; }
name=$1
targets=""
case $name in
    release) options="--buildtype=release --prefix=${PREFIX:-/usr/local}"
             targets="parvis packaging/parvis.1" ;;
    hooks)   options="--buildtype=release -Dtest_hooks=true"
             targets=parvis ;;
    check)   options="-Doptimization=1 -Ddebug=true -Db_sanitize=address,undefined -Dtest_hooks=true -Dwerror=true" ;;
    tsan)    options="-Doptimization=1 -Ddebug=true -Db_sanitize=thread -Dtest_hooks=true"
             targets=parvis ;;
    fuzz)    options="-Doptimization=1 -Ddebug=true -Db_sanitize=address,undefined -Db_lundef=false -Dtest_hooks=true -Dfuzz=true"
             CC=clang; export CC
             targets=fuzz ;;
    *)       echo "build.sh: no build called $name" >&2; exit 2 ;;
esac

folder=build/$name
wanted="$options$(grep default_options meson.build)" # which Meson reads once, when it sets a folder up
if [ "$(cat "$folder/.options" 2>/dev/null)" != "$wanted" ] || [ ! -f "$folder/build.ninja" ]; then
    rm -rf "$folder"
    # shellcheck disable=SC2086 — a list of options
    said=$(meson setup "$folder" $options 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }
    printf '%s\n' "$wanted" >"$folder/.options"
fi
# Configures again where a file came or went, or a meson.build changed.
find src -name '*.c' | sort | cmp -s - "$folder/.sources" 2>/dev/null || { find src -name '*.c' | sort >"$folder/.sources"; touch src/meson.build; }
ninja --quiet -C "$folder" build.ninja >/dev/null
if [ $only_configure = yes ]; then
    targets=$(ninja -C "$folder" -t targets all | sed -n 's/^\(src\/generated\/[^:]*\): CUSTOM_COMMAND.*/\1/p')
fi
# shellcheck disable=SC2086 — a list of names
ninja --quiet -C "$folder" $targets
[ $only_configure = yes ] || "${PYTHON:-/usr/bin/python3}" tools/rooms.py "$folder" --headers
