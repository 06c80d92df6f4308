#!/usr/bin/env python3
"""Fails when the tree breaks a house rule that a machine can see. Usage: check_house.py REPO_ROOT [CLANG_FORMAT]

Sources are formatted; a source file is not too long; each folder of code has its README; the
catalogue of findings and analyzers/README.md say the same; no file names a path of one machine.
"""
import pathlib
import re
import subprocess
import sys

LONGEST = 450  # lines: one file, one idea
README_HEADINGS = ["Purpose", "Data flow", "Invariants", "How to add one", "Decisions"]
MACHINE_PATHS = re.compile(r"/(?:work|home|farm)/[a-z]|\.\./shared|https?://(?:registry\.|deb\.)")


def tracked(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], stdout=subprocess.PIPE, text=True)
    names = listed.stdout.splitlines() if listed.returncode == 0 else [p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()]
    return [name for name in names if not name.startswith(("build/", "demo/")) and (root / name).is_file()]


def sources(names):
    return [name for name in names if name.endswith((".cpp", ".hpp"))]


def too_long(root, names):
    for name in sources(names):
        count = len((root / name).read_text(encoding="utf-8").splitlines())
        if count > LONGEST:
            yield f"{name}: {count} lines; {LONGEST} at most"


def badly_formatted(root, names, clang_format):
    files = [str(root / name) for name in sources(names)]
    result = subprocess.run([clang_format, "--dry-run", "--Werror", *files], stderr=subprocess.PIPE, text=True)
    for line in result.stderr.splitlines():
        if "clang-format-violations" in line:
            yield line.split(": error")[0].replace(f"{root}/", "") + ": not formatted"


def without_readme(root, names):
    folders = {str(pathlib.PurePath(name).parent) for name in names if name.endswith("CMakeLists.txt") and not name.startswith("tests") and "/" in name}
    for folder in sorted(folders):
        readme = root / folder / "README.md"
        if not readme.is_file():
            yield f"{folder}: has no README.md"
            continue
        text = readme.read_text(encoding="utf-8")
        for heading in README_HEADINGS:
            if f"## {heading}" not in text:
                yield f"{folder}/README.md: has no heading \"{heading}\""


def catalogue_differs(root):
    code = (root / "analyzers/api/catalogue.cpp").read_text(encoding="utf-8")
    readme = (root / "analyzers/README.md").read_text(encoding="utf-8")
    in_code = set(re.findall(r'FindingKind\{"([A-Z0-9_]+)"', code))
    in_readme = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", readme, re.M))
    for name in sorted(in_code ^ in_readme):
        yield f"analyzers/README.md and api/catalogue.cpp differ about {name}"


def machine_paths(root, names):
    for name in names:
        if name.startswith(".ci/") or name == "tests/lint/check_house.py":
            continue
        try:
            text = (root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATHS.search(line):
                yield f"{name}:{number}: names a path or host of one machine"


def main(root, clang_format):
    names = tracked(root)
    errors = [*too_long(root, names), *without_readme(root, names), *catalogue_differs(root), *machine_paths(root, names)]
    if clang_format:
        errors += badly_formatted(root, names, clang_format)
    print("\n".join(errors) or "house: ok")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2] if len(sys.argv) > 2 else None))
