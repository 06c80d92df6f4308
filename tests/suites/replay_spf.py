#!/usr/bin/env python3
"""Replays the SPF suite against `postern auth`, through the real resolver and a real DNS server.

Suite: spf-openspf (github.com/sdgathman/pyspf, test/rfc7208-tests.yml) in $POSTERN_SUITES. Exit 77
(skipped) without it.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
TYPES = ("A", "AAAA", "MX", "PTR", "TXT")
SLOWEST = 12.0  # seconds of one case: a name that never answers costs one [dns].timeout


def escaped(name):
    return "".join(c if 33 <= ord(c) < 127 and c not in '#"\\;' else f"\\{ord(c):03d}" for c in name)


def hexed(text):
    return "hex:" + text.encode("latin-1").hex()


def zone_lines(zonedata):
    for name, entries in zonedata.items():
        owner, listed, late = escaped(name), set(), False
        texts = [e for e in entries if isinstance(e, dict) and "TXT" in e]
        for entry in entries:
            if entry == "TIMEOUT":
                late = True
                continue
            (kind, value), = entry.items()
            kinds = [kind] if kind != "SPF" or texts else ["SPF", "TXT"]
            for each in kinds:
                if value == "NONE":
                    continue
                listed.add(each)
                if value == "TIMEOUT":
                    yield f"{owner} drop {each}"
                elif each in ("TXT", "SPF"):
                    parts = value if isinstance(value, list) else [value]
                    yield f"{owner} {each} " + (" ".join(map(hexed, parts)) or '""')
                elif each == "MX":
                    yield f"{owner} MX {value[0]} {escaped(value[1]) or '.'}"
                elif each in ("PTR", "CNAME"):
                    yield f"{owner} {each} {escaped(value)}"
                else:
                    yield f"{owner} {each} {value}"
        if late:
            for kind in TYPES:
                if kind not in listed:
                    yield f"{owner} drop {kind}"


def answer_of(postern, config, test):
    words = [postern, "--config", config, "auth", "--json", "--spf-only", "--ip", str(test["host"]),
             "--helo", str(test["helo"]), "--from", str(test["mailfrom"])]
    started = time.monotonic()
    done = subprocess.run(words, capture_output=True, timeout=60, check=False)
    took = time.monotonic() - started
    if done.returncode not in (0, 1):
        return "exit %d: %s" % (done.returncode, done.stderr.decode(errors="replace")), None, took
    spf = json.loads(done.stdout)["auth"]["spf"]
    return spf["result"], spf["explanation"], took


def check(postern, config, name, test):
    result, explanation, took = answer_of(postern, config, test)
    allowed = test["result"] if isinstance(test["result"], list) else [test["result"]]
    wrong = []
    if result not in allowed:
        wrong.append(f"{result}, expected {allowed}")
    if "explanation" in test and (explanation or "DEFAULT") != test["explanation"]:
        wrong.append(f"explanation {explanation!r}, expected {test['explanation']!r}")
    if took > SLOWEST:
        wrong.append(f"took {took:.1f} s")
    for sentence in wrong:
        print(f"{name}: {sentence}")
    return not wrong, took


def main():
    suites = os.environ.get("POSTERN_SUITES", "")
    file = pathlib.Path(suites) / "spf-openspf" / "rfc7208-tests.yml"
    try:
        import yaml
    except ImportError:
        print("skipped: needs python3-yaml")
        return 77
    if not suites or not file.is_file():
        print("skipped: set POSTERN_SUITES; suite: github.com/sdgathman/pyspf, test/rfc7208-tests.yml")
        return 77
    postern = os.path.join(os.environ["POSTERN_BIN"], "postern")
    cases = right = 0
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            zone = pathlib.Path(folder) / "zone"
            zone.write_text("\n".join(zone_lines(document["zonedata"])) + "\n", encoding="utf-8")
            server = subprocess.Popen([sys.executable, str(TESTS / "support/dns/fake_dns.py"), str(zone), "--until-eof"],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            try:
                address = server.stdout.readline().split()[1]
                config = pathlib.Path(folder) / "postern.toml"
                config.write_text(f'[dns]\nservers = ["{address}"]\n', encoding="utf-8")
                for name, test in document["tests"].items():
                    passed, took = check(postern, str(config), name, test)
                    cases += 1
                    right += passed
                    slowest = max(slowest, took)
            finally:
                server.kill()
                server.wait()
    print(f"{right} of {cases} cases; the slowest took {slowest:.1f} s")
    return 0 if right == cases >= 203 else 1


if __name__ == "__main__":
    sys.exit(main())
