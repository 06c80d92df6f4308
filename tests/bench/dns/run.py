#!/usr/bin/env python3
"""Our resolver beside c-ares against one nsd, plain and signed. Usage: run.py DNS_BENCH [NAMES]

Needs nsd and ldnsutils. The c-ares lines are there when its headers were at build time.
"""
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

WINDOWS = ("1", "50", "1000")


def start_nsd(folder, zone):
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    conf = folder / "nsd.conf"
    conf.write_text(f"""server:
 ip-address: 127.0.0.1@{port}
 username: ""
 chroot: ""
 database: ""
 zonesdir: "{folder}"
 pidfile: "{folder}/pid"
 xfrdfile: "{folder}/xfrd"
 zonelistfile: "{folder}/zones"
 xfrdir: "{folder}"
 server-count: 1
 rrl-ratelimit: 0
remote-control:
 control-enable: no
zone:
 name: example
 zonefile: {zone}
""")
    server = subprocess.Popen(["nsd", "-d", "-c", str(conf)], stderr=subprocess.DEVNULL)
    time.sleep(2)
    return server, f"127.0.0.1:{port}"


def sign(folder):
    def run(*words):
        return subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    key = run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "example")
    run("ldns-signzone", "-f", "signed", "plain", key)
    return folder / (key + ".key")


def main():
    bench, names = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "20000"
    folder = pathlib.Path(tempfile.mkdtemp())
    server = None
    try:
        lines = ["$ORIGIN example.", "$TTL 3600", "@ SOA ns host 1 3600 600 86400 60", "@ NS ns", "ns A 192.0.2.53"]
        lines += [f"h{i} A 10.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(int(names))]
        (folder / "plain").write_text("\n".join(lines) + "\n")
        server, address = start_nsd(folder, "plain")
        for window in WINDOWS:
            for who in ("cares", "ours"):
                print(f"window {window}:", flush=True)
                subprocess.run([bench, who, address, names, window], check=True)
        server.terminate()
        server.wait()
        anchor = sign(folder)
        server, address = start_nsd(folder, "signed")
        print("signed, window 50:", flush=True)
        subprocess.run([bench, "ours", address, names, "50", str(anchor)], check=True)
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
