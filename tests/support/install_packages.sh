#!/bin/sh
# Installs the Debian packages named that are missing, without a question and without starting any
# service of theirs. usage: install_packages.sh PACKAGE...
set -eu
missing=
for package in "$@"; do
    case $package in
        nodejs) command -v node > /dev/null && continue ;;
        npm) command -v npm > /dev/null && continue ;;
    esac
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "== packages:$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || { echo "these packages need root: run as root, or: apt-get install$missing" >&2; exit 1; }
    as_root=sudo
fi
# A policy that keeps the packages' services from starting, for as long as this takes.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy > /dev/null
    $as_root chmod 755 $policy
    made=1
fi
trap '[ -z "$made" ] || $as_root rm -f $policy' EXIT
log=$(mktemp)
if ! { $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } > "$log" 2>&1; then
    tail -n 30 "$log" >&2
    exit 1
fi
rm -f "$log"
