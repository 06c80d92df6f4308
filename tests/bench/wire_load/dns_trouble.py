#!/usr/bin/env python3
"""One message for each way in which a DNS server can fail: how long does it take, and does anything pass that could not be told?

    dns_trouble.py BIN [--at-once 4]

Each message comes from an address and a domain of its own, whose every name (PTR, DNS list, MX, SPF, DKIM key, DMARC, link list) has the behaviour. Without it SPF and
DMARC would pass, and address and link are listed. "none" is that control, "dead" a second gateway whose only server does not exist.
"""
import argparse
import concurrent.futures
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SUPPORT = os.path.join(HERE, "..", "..", "support")
sys.path.insert(0, SUPPORT)
import postern_site  # noqa: E402

BEHAVIOURS = ["none", "delay 400ms", "delay 2s", "delay 20s", "drop", "drop-udp", "rcode SERVFAIL", "rcode REFUSED", "rcode FORMERR", "rcode NOTIMP", "truncate", "truncate-always", "tcp-hang",
              "wrong-id", "wrong-question", "other-name", "wrong-type", "no-question", "query-bit", "cut 5", "counts 40", "repeat 20", "loop", "long-chain"]
MORE = """
[dns]
servers = ["{dns}"]
cache_size = "0KiB"
[checks.pregreet]
wait = "1s"
[checks.greylist]
mode = "off"
[[lists.dns]]
name = "bl"
zone = "bl.example"
test_points = false
[[lists.dns]]
name = "dbl"
zone = "dbl.example"
kind = "domain"
test_points = false
"""
MESSAGE = """From: Alice <alice@s{n}.example>
To: bob@dest.example
Subject: trouble {n}
Date: Tue, 24 Nov 2026 12:00:00 +0000
Message-ID: <trouble-{n}@s{n}.example>
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=s{n}.example; s=k; h=from:to:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA
Content-Type: text/plain

See http://l{n}.example/page
"""


def zone():
    rows = []
    for n, behaviour in enumerate(BEHAVIOURS):
        records = {f"1.{n}.50.127.in-addr.arpa": f"PTR s{n}.example", f"1.{n}.50.127.bl.example": "A 127.0.0.2", f"l{n}.example.dbl.example": "A 127.0.0.2",
                   f"s{n}.example": f"MX 10 mx.s{n}.example", f"mx.s{n}.example": "A 8.8.4.4", f"_dmarc.s{n}.example": 'TXT "v=DMARC1; p=none"', f"k._domainkey.s{n}.example": 'TXT "v=DKIM1; p="'}
        for name, record in records.items():
            if behaviour == "loop":
                rows += [f"{name} CNAME loop-{name}", f"loop-{name} CNAME {name}"]
            elif behaviour == "long-chain":
                rows += [f"{name} CNAME c0-{name}"] + [f"c{i}-{name} CNAME c{i + 1}-{name}" for i in range(60)] + [f"c60-{name} {record}"]
            else:
                rows.append(f"{name} {record}")
                if behaviour != "none":
                    rows.append(f"{name} {behaviour}")
        if behaviour not in ("loop", "long-chain"):
            rows += [f's{n}.example TXT "v=spf1 ip4:127.0.0.0/8 -all"', f"s{n}.example A 127.50.{n}.1"]
    return "\n".join(rows) + "\n"


def send(port, n):
    """(seconds to the banner, seconds from the message's end to its reply, all seconds, last reply)"""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=120, source_address=(f"127.50.{n}.1", 0)) as client:
        words = client.makefile("rb")

        def reply():
            while True:
                line = words.readline()
                if line[3:4] != b"-":
                    return line.decode().strip()

        said = reply()
        banner = time.monotonic() - began
        for line in (f"EHLO s{n}.example", f"MAIL FROM:<alice@s{n}.example>", "RCPT TO:<bob@dest.example>", "DATA"):
            if said[:1] not in "23":
                return banner, 0, time.monotonic() - began, said
            client.sendall(f"{line}\r\n".encode())
            said = reply()
        if not said.startswith("354"):
            return banner, 0, time.monotonic() - began, said
        before = time.monotonic()
        client.sendall(MESSAGE.format(n=n).replace("\n", "\r\n").encode() + b".\r\n")
        said = reply()
        return banner, time.monotonic() - before, time.monotonic() - began, said


def tell(site, what, n, took):
    banner, data, total, said = took
    text = (postern_site.wait_for(lambda: site.sink.find(f"<trouble-{n}@"), 3) or b"").decode(errors="replace")
    unfolded = re.sub(r"\r?\n[ \t]+", " ", text)
    results = "; ".join(re.findall(r"\b(?:spf|dkim|dmarc|arc|iprev)=\w+", " ".join(re.findall(r"(?mi)^Authentication-Results:.*$", unfolded))))
    line = next((line for line in reversed(site.postern.log()) if line.get("event") == "message" and f"s{n}.example" in json.dumps(line)), {})
    print(f"{what:16} banner {banner:5.2f} s, data {data:5.2f} s, all {total:5.2f} s; {said[:40]}; {results or 'no results'}; {json.dumps(line.get('findings', line.get('codes')))[:400]}", flush=True)
    return line


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binaries")
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--only", help="one behaviour; shows the whole log line and the fields of the message")
    options = parser.parse_args()
    chosen = [n for n, each in enumerate(BEHAVIOURS) if options.only in (None, each)]
    with tempfile.TemporaryDirectory(prefix="postern-trouble-") as folder:
        os.chmod(folder, 0o755)
        with open(f"{folder}/zone", "w") as file:
            file.write(zone())
        dns = subprocess.Popen([sys.executable, f"{SUPPORT}/dns/fake_dns.py", f"{folder}/zone", "--until-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            address = dns.stdout.readline().split()[1]
            site = postern_site.Site(options.binaries, f"{folder}/site", more=MORE.format(dns=address), keys={"smtp": "unlimited_clients = []"})
            try:
                with concurrent.futures.ThreadPoolExecutor(options.at_once) as threads:
                    for n, took in zip(chosen, threads.map(lambda n: send(site.ports["smtp"], n), chosen)):
                        line = tell(site, BEHAVIOURS[n], n, took)
                if options.only:
                    print(json.dumps(line))
                    print((site.sink.find(f"<trouble-{chosen[0]}@") or b"").decode(errors="replace"))
                    return
            finally:
                site.stop()
            dead = postern_site.Site(options.binaries, f"{folder}/dead", more=MORE.format(dns=f"127.0.0.1:{postern_site.free_port()}"), keys={"smtp": "unlimited_clients = []"})
            try:
                tell(dead, "dead", 0, send(dead.ports["smtp"], 0))
            finally:
                dead.stop()
        finally:
            dns.stdin.close()
            dns.wait(10)


if __name__ == "__main__":
    main()
