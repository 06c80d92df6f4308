#!/usr/bin/env python3
"""Envelope-stage refusals per second and their CPU: `postern serve` and Postfix (postscreen + smtpd), turn by turn, with the same clients.

    run.py BIN REJECT_CLIENTS [--seconds 8] [--rounds 3] [--connections 40]

BIN is the folder of postern and postern-sink. Needs root (Postfix) and port numbers on the loopback only. CPU is that of all processes of the server.
`listed` clients are in the local networks of both; `stranger` clients are in those of none, have passed the banner wait before, and are known to its cache.
`domain` is a recipient in a domain that is not ours, `mailbox` one who is not in a table of 1000.
"""
import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "support"), os.path.join(HERE, "..", "..", "support", "interop")]
import postern_site  # noqa: E402
from servers import Server, write  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
MASTER = """127.0.0.1:{port} inet n - n - 1 postscreen
smtpd pass - - n - - smtpd
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
# What is not said is Postfix's default, but for limits that would measure themselves: error sleeps and counts, processes.
MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = postfix.test
mydestination =
mynetworks = {trusted}
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
relay_domains = dest.example
relay_recipient_maps =
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access hash:{folder}/etc/recipients
smtpd_tls_security_level = none
default_process_limit = 100
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 10000
smtpd_hard_error_limit = 10000
smtpd_junk_command_limit = 10000
smtpd_client_connection_count_limit = 0
postscreen_client_connection_count_limit = 10000
postscreen_greet_wait = 1s
postscreen_greet_action = enforce
postscreen_access_list = permit_mynetworks
postscreen_cache_map = btree:$data_directory/postscreen_cache
"""
ADDRESSES = {"domain": "bob@other.example", "mailbox": "nobody@dest.example"}
MAILBOXES = [f"user{i}@dest.example" for i in range(1000)]


class Postfix(Server):
    name = "postfix"

    def __init__(self, folder, trusted):
        super().__init__(folder)
        etc = f"{self.folder}/etc"
        write(f"{etc}/master.cf", MASTER.format(port=self.port))
        write(f"{etc}/main.cf", MAIN.format(folder=self.folder, trusted="127.0.0.0/8" if trusted else "192.0.2.1/32"))
        write(f"{etc}/recipients", "".join(f"{name} OK\n" for name in MAILBOXES) + "dest.example REJECT No such recipient here\n")
        subprocess.run(["/usr/sbin/postmap", "-c", etc, f"hash:{etc}/recipients"], check=True)
        os.makedirs(f"{self.folder}/queue")
        os.makedirs(f"{self.folder}/data")
        shutil.chown(f"{self.folder}/data", "postfix", "postfix")
        self.run("start")
        self.wait_until_it_listens()
        with open(f"{self.folder}/queue/pid/master.pid") as file:
            self.pid = int(file.read())

    def run(self, word):
        subprocess.run(["/usr/sbin/postfix", "-c", f"{self.folder}/etc", word], check=word == "start", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)

    def stop(self):
        self.run("abort")


class Postern:
    def __init__(self, binaries, folder, trusted, dns):
        write(f"{folder}/recipients", "".join(f"{name}\n" for name in MAILBOXES))
        keys = {"smtp": "max_errors = 1000", "domains": f'recipients = "{folder}/recipients"'}
        more = f'[dns]\nservers = ["{dns}"]\n'
        if not trusted:
            keys["smtp"] += "\nunlimited_clients = []"
            more += "".join(f"[checks.{name}_rate]\naddress = 0\nnetwork = 0\n" for name in ("connection", "message", "recipient", "error"))
            more += '[checks.pregreet]\nwait = "1s"\n[checks.banned]\nthreshold = 1000000\n[checks.harvest]\nlimit = 100000\nwindow = "1s"\n'
        self.site = postern_site.Site(binaries, folder, more=more, keys=keys)
        self.port, self.pid = self.site.ports["smtp"], self.site.postern.process.pid

    def stop(self):
        self.site.stop()


def tree(root):
    """Root and all below it."""
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append((int(entry), sum(map(int, fields[11:15]))))
        if int(entry) == root:
            yield sum(map(int, fields[11:15]))
    waiting = [root]
    while waiting:
        for pid, ticks in children.get(waiting.pop(), []):
            yield ticks
            waiting.append(pid)


def cpu(root):
    """Seconds of a whole tree of processes, with those that have ended and were waited for."""
    return sum(tree(root)) / TICKS


def talk_once(port):
    """A pass for the cache of who waited."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        words = client.makefile("rb")
        while not words.readline().startswith(b"220 "):
            pass
        client.sendall(b"QUIT\r\n")
        words.readline()


def measure(server, options, recipients, address):
    before = cpu(server.pid)
    run = subprocess.run([options.clients, str(server.port), str(options.seconds), str(options.connections), str(recipients), address, "0"], check=True, stdout=subprocess.PIPE, text=True)
    got = json.loads(run.stdout)
    got["cpu"] = cpu(server.pid) - before
    return got


def compare(options, folder, trusted, dns):
    made = {}
    try:
        made["postern"] = Postern(options.binaries, f"{folder}/postern", trusted, dns)
        made["postfix"] = Postfix(folder, trusted)
        for server in made.values():
            talk_once(server.port)
            talk_once(server.port)
        time.sleep(1)
        for what, recipients in (("domain", 1), ("mailbox", 1), ("domain", 50), ("mailbox", 50)):
            rates, each = {name: [] for name in made}, {name: [] for name in made}
            for _ in range(options.rounds):
                for name, server in made.items():
                    got = measure(server, options, recipients, ADDRESSES[what])
                    if not got["refused"] or got["odd"]:
                        print(f"{name}: odd: {got}")
                    rates[name].append(got["refused"] / got["seconds"])
                    each[name].append(1e6 * got["cpu"] / max(1, got["refused"]))
            middle = {name: (statistics.median(rates[name]), statistics.median(each[name])) for name in made}
            print(f"{'listed' if trusted else 'stranger'}, {what}, {recipients} RCPT a session: "
                  + "; ".join(f"{name} {rate:.0f} refusals/s, {us:.0f} us CPU each" for name, (rate, us) in middle.items())
                  + f"; ratio {middle['postern'][0] / middle['postfix'][0]:.2f} in rate, {middle['postfix'][1] / middle['postern'][1]:.2f} in CPU", flush=True)
    finally:
        for server in made.values():
            server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binaries")
    parser.add_argument("clients")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=40)
    parser.add_argument("--only", choices=("listed", "stranger"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="postern-rejects-") as folder:
        os.chmod(folder, 0o755)
        write(f"{folder}/zone", "localhost A 127.0.0.1\n1.0.0.127.in-addr.arpa PTR localhost\n")
        dns = subprocess.Popen([sys.executable, os.path.join(HERE, "..", "..", "support", "dns", "fake_dns.py"), f"{folder}/zone", "--until-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            address = dns.stdout.readline().split()[1]
            for kind in ("listed", "stranger"):
                if options.only in (None, kind):
                    os.makedirs(f"{folder}/{kind}/postern")
                    os.chmod(f"{folder}/{kind}", 0o755)
                    compare(options, f"{folder}/{kind}", kind == "listed", address)
        finally:
            dns.stdin.close()
            dns.wait(10)


if __name__ == "__main__":
    main()
