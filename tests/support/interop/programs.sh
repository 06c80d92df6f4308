#!/bin/sh
# Puts programs that cannot be installed beside the others into FOLDER, unless they are there:
# Exim (its Debian package conflicts with that of Postfix, so it is unpacked, not installed) and
# Haraka (from npm, exactly the versions of haraka/package-lock.json, without running their scripts).
# usage: programs.sh FOLDER. Fails with a line on standard error when one cannot be had.
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
log=$folder/programs.log
: > "$log"
failed=0

if [ ! -x "$folder/exim/usr/sbin/exim4" ]; then
    rm -rf "$folder/exim" "$folder/download"
    mkdir -p "$folder/download"
    if (cd "$folder/download" && apt-get download exim4-daemon-light) >> "$log" 2>&1 &&
        dpkg -x "$folder"/download/exim4-daemon-light_*.deb "$folder/exim"; then
        rm -rf "$folder/download"
    else
        echo "exim: apt-get download exim4-daemon-light failed; see $log" >&2
        failed=1
    fi
fi
if [ -x "$folder/exim/usr/sbin/exim4" ] && ldd "$folder/exim/usr/sbin/exim4" | grep 'not found' >&2; then
    echo "exim: these libraries are missing" >&2
    rm -rf "$folder/exim"
    failed=1
fi

if [ ! -e "$folder/haraka/node_modules/haraka/haraka.js" ]; then
    rm -rf "$folder/haraka"
    mkdir -p "$folder/haraka"
    cp "$here/haraka/package.json" "$here/haraka/package-lock.json" "$folder/haraka/"
    if ! (cd "$folder/haraka" && npm ci --omit=optional --ignore-scripts --no-audit --no-fund) >> "$log" 2>&1; then
        echo "haraka: npm ci failed; see $log" >&2
        rm -rf "$folder/haraka"
        failed=1
    fi
fi
exit $failed
