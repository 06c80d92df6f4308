#!/usr/bin/env python3
"""CPU of verifying a message with two signatures: ours, OpenDKIM's and rspamd's, in turn, in one run.

    beside_rspamd.py DKIM_BENCH [relaxed|simple] [--rounds N]

DKIM_BENCH measures the first two and writes the messages. rspamd (Debian's, one scanning process) runs with its
dkim module alone, scans the same messages over HTTP, and the same ones without signatures: the difference in CPU
of its process tree is what verification costs it. The keys come from a DNS server on loopback and are cached.
"""
import argparse
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[2]
TICK = os.sysconf("SC_CLK_TCK")
# How often each is scanned. Prose beyond a few KB is left out: what rspamd does with a text is so much more than the
# signatures that the difference drowns in it; what is no text it only decodes.
TIMES = {"5 KB prose": 1000, "5 MB base64": 30}
CONFIG = """
options {{
  filters = "dkim";
  pidfile = "{folder}/pid";
  tempdir = "{folder}";
  rrd = null; history_file = null; stats_file = null; hs_cache_dir = "{folder}";
  url_tld = "{folder}/suffixes";
  max_message = 200M;
  task_timeout = 60s;
  dns {{ nameserver = ["{dns}"]; timeout = 5s; }}
}}
logging {{ type = "file"; filename = "{folder}/log"; level = "warning"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; mime = true; task_timeout = 60s; }}
dkim {{ dkim_cache_size = 2k; dkim_cache_expire = 1d; check_local = true; check_authed = true; trusted_only = false; skip_multi = false; }}
group "dkim" {{
  symbols {{ "R_DKIM_ALLOW" {{ weight = -0.2; }} "R_DKIM_REJECT" {{ weight = 1.0; }} "R_DKIM_NA" {{ weight = 0; }} }}
}}
actions {{ reject = 1000; }}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_of_tree(root):
    """Seconds that a process and all below it have used. The kernel counts in ticks: measure many."""
    children, spent, seconds, waiting = {}, {}, 0.0, [root]
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(folder.name))
        spent[int(folder.name)] = sum(map(int, fields[11:15])) / TICK
    while waiting:
        pid = waiting.pop()
        seconds += spent.get(pid, 0.0)
        waiting += children.get(pid, [])
    return seconds


class Rspamd:
    def __init__(self, folder, dns):
        self.port = free_port()
        config = folder / "rspamd.conf"
        (folder / "suffixes").write_text("org\nexample\n")  # its own list takes a minute to compile
        config.write_text(CONFIG.format(folder=folder, dns=dns, port=self.port))
        shutil.chown(folder, "_rspamd", "_rspamd")
        os.chmod(folder, 0o755)
        self.process = subprocess.Popen(["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", str(config)],
                                        stdout=open(folder / "out", "w"), stderr=subprocess.STDOUT)
        for _ in range(1200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        self.stop()
        sys.exit("rspamd does not listen:\n" + (folder / "out").read_text()[-2000:])

    def scan(self, text):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/checkv2", body=text, headers={"IP": "192.0.2.1", "From": "a@example.org", "Pass": "all"})
        answer = connection.getresponse().read().decode()
        connection.close()
        return answer

    def cost(self, text, times):
        """Microseconds of CPU for each."""
        before = cpu_of_tree(self.process.pid)
        for _ in range(times):
            self.scan(text)
        return (cpu_of_tree(self.process.pid) - before) / times * 1e6

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def cheapest(rspamd, name, folder, times, rounds):
    """(whole scan, what the signatures cost): each the best of its rounds, taken in turn."""
    signed, plain = ((folder / f"{name}.{kind}.eml").read_bytes() for kind in ("signed", "plain"))
    answer = rspamd.scan(signed)  # also warms the cache of keys
    if "example.org:s=s" not in answer or "example.org:s=e" not in answer:
        sys.exit(f"rspamd does not verify {name}: {answer[:600]}")
    if '"R_DKIM_ALLOW"' in rspamd.scan(plain):
        sys.exit("rspamd verifies what is not signed")
    pairs = [(rspamd.cost(signed, times), rspamd.cost(plain, times)) for _ in range(rounds)]
    with_both, without = min(a for a, _ in pairs), min(b for _, b in pairs)
    return with_both, with_both - without


def main():
    options = argparse.ArgumentParser()
    options.add_argument("bench")
    options.add_argument("form", nargs="?", default="relaxed", choices=("relaxed", "simple"))
    options.add_argument("--rounds", type=int, default=3)
    options = options.parse_args()
    if not shutil.which("rspamd"):
        sys.exit("needs rspamd")
    with tempfile.TemporaryDirectory(prefix="postern-dkim-") as top:
        os.chmod(top, 0o755)
        folder, state = pathlib.Path(top) / "mail", pathlib.Path(top) / "rspamd"
        folder.mkdir()
        state.mkdir()
        table = subprocess.run([options.bench, options.form, str(folder)], check=True, stdout=subprocess.PIPE, text=True).stdout
        server = subprocess.Popen([sys.executable, str(TESTS / "support/dns/fake_dns.py"), str(folder / "zone"), "--until-eof"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        rspamd = Rspamd(state, server.stdout.readline().split()[1])
        try:
            print(f"{'microseconds':14} {'ours':>8} {'OpenDKIM':>9} {'rspamd':>8} {'(scan)':>8}  ours/OpenDKIM  ours/rspamd")
            for line in table.splitlines()[2:]:
                title, ours, opendkim = line[:14].strip(), *map(float, line[14:].split()[:2])
                name = title.replace(" ", "-")
                if title not in TIMES:
                    continue
                scan, theirs = cheapest(rspamd, name, folder, TIMES[title], options.rounds)
                print(f"{title:14} {ours:8.0f} {opendkim:9.0f} {theirs:8.0f} {scan:8.0f} {ours / opendkim:14.2f} {ours / theirs:12.2f}")
        finally:
            rspamd.stop()
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
