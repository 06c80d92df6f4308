#!/usr/bin/env python3
"""Fails when a program links what it must not. Usage: check_symbols.py BIN_FOLDER

The gateway and the review interface parse no content, so they have no symbol of a content library;
the analyzer knows nothing of mail delivery or the store.
"""
import re
import subprocess
import sys

CONTENT = r"\b(cl_scan\w*|cl_load|cl_init|yr_\w+|archive_read_\w+|magic_(open|load|buffer)|mspack_\w+|XML_\w+|xml[A-Z]\w+)\b"
STORE = r"postern::(quarantine|smtp|relay|verdict|settings|web)::"
FORBIDDEN = {
    "postern-gatewayd": CONTENT,
    "postern-web": CONTENT,
    "postern": CONTENT,
    "postern-analyzer": STORE,
}
# libexpat comes with POCO where the linker keeps what is not needed; its symbols tell who calls it.
CONTENT_LIBRARIES = ("libclamav", "libyara", "libarchive", "libmagic", "libxml2")
LIBRARIES = {"postern-gatewayd": CONTENT_LIBRARIES, "postern-web": CONTENT_LIBRARIES, "postern": CONTENT_LIBRARIES,
             "postern-analyzer": ("libsqlite3", "libPocoNet", "libPocoData")}


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main(folder):
    errors = []
    for program, pattern in FORBIDDEN.items():
        path = f"{folder}/{program}"
        symbols = output("nm", "-C", path)
        if len(symbols.splitlines()) < 100:
            errors.append(f"{program}: no symbols to look at")
        found = sorted({match.group(0) for match in re.finditer(pattern, symbols)})
        errors += [f"{program}: has {name}" for name in found[:5]]
        needed = re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", path))
        errors += [f"{program}: links {name}" for name in needed if name.startswith(LIBRARIES[program])]
    print("\n".join(errors) or "symbols: ok")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
