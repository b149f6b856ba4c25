#!/bin/sh
# Installs the Debian packages of the named groups (build, test, lint, bench) that are missing. Asks apt nothing when none is.
set -eu
cd "$(dirname "$0")/.."

command -v dpkg-query >/dev/null || {
    echo "This is not Debian: install what tools/packages.txt names by other means, then run make with INSTALL=:" >&2
    exit 1
}

wanted=""
for group in "$@"; do
    wanted="$wanted $(sed -n "s/^\([a-z0-9.+-]*\) *# *$group\$/\1/p" tools/packages.txt)"
    # Node's own packages bring npm along and refuse Debian's beside them.
    if [ "$group" = test ] && ! command -v npm >/dev/null; then wanted="$wanted npm"; fi
done
installed=$(dpkg-query -W -f '${db:Status-Abbrev}${binary:Package}\n' | sed -n 's/^ii \([^:]*\).*/\1/p')
missing=""
for package in $wanted; do
    printf '%s\n' "$installed" | grep -qxF -- "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root="env"
elif command -v sudo >/dev/null; then
    as_root="sudo env"
else
    echo "These Debian packages are missing, and there is neither root nor sudo to install them:$missing" >&2
    exit 1
fi
echo "Installing:$missing"
$as_root DEBIAN_FRONTEND=noninteractive apt-get -q update
# shellcheck disable=SC2086 — a list of names
$as_root DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $missing
