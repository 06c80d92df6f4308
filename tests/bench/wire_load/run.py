#!/usr/bin/env python3
"""Crowds against a whole `postern serve`: who is greeted how soon, what a connection costs, who is refused.

    run.py BIN LOAD_CLIENTS idle [--idle 20000] [--slow 200]          a crowd that does nothing, beside new clients, trusted and not
    run.py BIN LOAD_CLIENTS churn [--count 50000] [--sources 5000]   short sessions; a DNS list holds each tenth source

Memory and CPU are those of postern-gatewayd. README.md beside this says what is configured.
"""
import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SUPPORT = os.path.join(HERE, "..", "..", "support")
sys.path.insert(0, SUPPORT)
import postern_site  # noqa: E402

WAIT_MS = {"idle": 6000, "churn": 1000}  # of strangers; 6 s is the default
RATES = "".join(f"[checks.{name}_rate]\naddress = 0\nnetwork = 0\n" for name in ("connection", "message", "recipient", "error"))
LIST = '[checks.client_lists]\nmode = "enforce"\nrefuse_at = 3.0\n[[lists.dns]]\nname = "bl"\nzone = "bl.example"\nauthoritative = true\n'
PROBES = 1000
TRUSTED_FIRST = (200 - 10) * 256 * 5  # source number of 127.200.0.1, see load_clients.cpp


def source(number):
    prefix, last = divmod(number, 5)
    return f"127.{10 + prefix // 256}.{prefix % 256}.{1 + last}"


def zone(sources):
    rows = ["2.0.0.127.bl.example A 127.0.0.2", "bl.example SOA ns.example host.example 1 3600 600 86400 60"]
    for number in range(0, sources, 10):
        rows.append(".".join(reversed(source(number).split("."))) + ".bl.example A 127.0.0.2")
    return "\n".join(rows) + "\n"


class Watched:
    """postern-gatewayd of a site."""

    def __init__(self, site):
        # Its program alone tells it from the others: a process between may have started it.
        rows = subprocess.run(["ps", "-eo", "pid=,sid=,args="], stdout=subprocess.PIPE, text=True).stdout.splitlines()
        of_site = [row.split(None, 2) for row in rows if "postern-gatewayd" in row]
        self.pid = next(int(pid) for pid, session, _ in of_site if int(session) == site.postern.process.pid)

    def look(self):
        with open(f"/proc/{self.pid}/status") as file:
            status = dict(line.split(":", 1) for line in file)
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return {"rss_kib": int(status["VmRSS"].split()[0]), "fds": len(os.listdir(f"/proc/{self.pid}/fd")), "cpu_s": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")}


def ask(*words):
    out = subprocess.run(list(map(str, words)), check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out.splitlines()[-1])


def idle(options, site, watched):
    port, empty = site.ports["smtp"], watched.look()
    crowds, parts = [], 2
    try:
        for part in range(parts):
            crowds.append(subprocess.Popen([options.clients, "crowd", str(port), str(options.idle // parts), str(options.slow // parts), str(part)], stdout=subprocess.PIPE, text=True))
        for each in crowds:
            print("crowd:", each.stdout.readline().strip(), flush=True)
        time.sleep(options.rest)
        full = watched.look()
        held = full["fds"] - empty["fds"]
        print(f"gatewayd: {empty} empty, {full} with {held} connections: {full['rss_kib'] / max(1, held):.2f} KiB each in all, {(full['rss_kib'] - empty['rss_kib']) / max(1, held):.2f} KiB more for each")
        for name, first in (("trusted, no wait", TRUSTED_FIRST), ("strangers, first visit", 5000)):
            before = watched.look()
            got = ask(options.clients, "probe", port, PROBES, first, PROBES)
            after = watched.look()
            beside = f", {got['p99_ms'] - WAIT_MS['idle']:.1f} ms beside the wait" if "stranger" in name else ""
            print(f"{name}: {got}; p99 {got['p99_ms']} ms{beside}; gatewayd {after['cpu_s'] - before['cpu_s']:.2f} s CPU; {after}", flush=True)
        again = ask(options.clients, "probe", port, PROBES, 5000, PROBES)
        print(f"strangers, second visit: {again}", flush=True)
        print(f"at last: {watched.look()}")
    finally:
        for each in crowds:
            each.kill()
            print("crowd heard:", each.stdout.read().splitlines()[-1:])
            each.wait()
    postern_site.wait_for(lambda: watched.look()["fds"] <= empty["fds"] + 5, 60, 0.5)
    print(f"when they have gone: {watched.look()}")


def churn(options, site, watched):
    print(f"empty: {watched.look()}", flush=True)
    for number in range(options.rounds):
        before = watched.look()
        got = ask(options.clients, "churn", site.ports["smtp"], options.count, options.sources)
        time.sleep(2)
        after = watched.look()
        print(f"round {number + 1}: {got}; gatewayd {1000 * (after['cpu_s'] - before['cpu_s']) / options.count:.3f} ms CPU a connection; {after}", flush=True)


def wrong_decisions(site, sources):
    """From the log: what was decided about listed and other sources."""
    listed = {source(number) for number in range(0, sources, 10)}
    seen, examples = collections.Counter(), {}
    for line in site.postern.log():
        if line.get("event") != "connection" or line.get("trusted"):
            continue
        kind = ("listed" if line["client_ip"] in listed else "other", line["reason"], line["refused_by"], ",".join(line["findings"]))
        seen[kind] += 1
        examples.setdefault(kind, line)
    for kind, number in seen.most_common():
        print(f"log: {number} x {kind}")
    for kind, line in examples.items():
        if (kind[0] == "listed") != (kind[2] == "client_lists"):
            print("look at:", json.dumps(line))
    others = collections.Counter((line.get("event"), line.get("level"), str(line.get("error", line.get("detail", "")))[:120]) for line in site.postern.log() if line.get("level") not in ("info", None))
    for kind, number in others.most_common(10):
        print(f"log: {number} x {kind}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binaries")
    parser.add_argument("clients")
    parser.add_argument("what", choices=("idle", "churn"))
    parser.add_argument("--idle", type=int, default=20000)
    parser.add_argument("--slow", type=int, default=200)
    parser.add_argument("--rest", type=int, default=40, help="seconds between the crowd's arrival and the measurement")
    parser.add_argument("--count", type=int, default=50000)
    parser.add_argument("--sources", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    smtp = 'unlimited_clients = ["127.200.0.0/14"]\n'
    with tempfile.TemporaryDirectory(prefix="postern-load-") as folder:
        os.chmod(folder, 0o755)
        with open(f"{folder}/zone", "w") as file:
            file.write(zone(options.sources if options.what == "churn" else 0))
        with open(f"{folder}/dns.out", "w+") as said:
            dns = subprocess.Popen([sys.executable, f"{SUPPORT}/dns/fake_dns.py", f"{folder}/zone", "--until-eof"], stdin=subprocess.PIPE, stdout=said)
            address = postern_site.wait_for(lambda: open(f"{folder}/dns.out").read(), 10).split()[1]
            more = f'[dns]\nservers = ["{address}"]\n'
            if options.what == "churn":
                more += f'[checks.pregreet]\nwait = "{WAIT_MS["churn"]}ms"\n{RATES}{LIST}'
            try:
                site = postern_site.Site(options.binaries, folder, more=more, keys={"smtp": smtp})
                try:
                    (idle if options.what == "idle" else churn)(options, site, Watched(site))
                    wrong_decisions(site, options.sources if options.what == "churn" else 0)
                finally:
                    site.stop()
            finally:
                dns.stdin.close()
                dns.wait(10)


if __name__ == "__main__":
    main()
