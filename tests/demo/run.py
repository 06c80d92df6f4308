#!/usr/bin/env python3
"""Starts Postern with a local next hop, sends it sample mail and shows what became of each.

usage: run.py --bin FOLDER [--folder demo] [--once]

Everything it writes is in the folder: configuration, signatures, quarantine, delivered mail. With
--once it ends after the table, with exit 0 only if each sample met its expected fate; otherwise it
goes on until Ctrl-C. Needs no root.
"""
import argparse
import glob
import os
import secrets
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import postern_site
import samples

SYSTEM_SIGNATURES = "/var/lib/clamav"


def say(text):
    print(text, flush=True)


def signatures(folder):
    """The folder of ClamAV signatures: the system's where there is one, else a small one of our own."""
    if glob.glob(f"{SYSTEM_SIGNATURES}/*.c[vl]d"):
        return SYSTEM_SIGNATURES
    own = postern_site.own_signatures(f"{folder}/signatures")
    say(f"No ClamAV database in {SYSTEM_SIGNATURES}: using a small one of our own that knows only EICAR ({own}).")
    return own


def verdict_field(text):
    """The words of the X-Postern-Verdict field that the gateway put on top."""
    for line in text.replace(b"\r\n\t", b" ").split(b"\r\n"):
        if line.lower().startswith(b"x-postern-verdict:"):
            return line.decode().split(":", 1)[1].strip()
    return ""


def fate_of(site, message_id):
    delivered = site.sink.find(message_id)
    if delivered is not None:
        return "delivered", verdict_field(delivered)
    for record in site.postern.held():
        if message_id in record["message_id"]:
            return "held", f"class={record['class']}; score={record['score']:g}; {', '.join(record['reasons'])}"
    return "lost", "neither at the next hop nor in the quarantine"


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    for row in rows:
        say("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)) + "  " + row[-1])


def exercise(site):
    """Sends all samples, prints the table, gives the number of unexpected fates."""
    run, rows, wrong = secrets.token_hex(4), [("sample", "reply", "fate", "why")], 0
    for name, description, message, expected in samples.samples():
        code, reply = site.send(message.replace(f"<{name}@".encode(), f"<{name}.{run}@".encode()))
        fate, why = fate_of(site, f"{name}.{run}@sender.example") if code == 250 else ("refused", reply)
        wrong += fate != expected
        rows.append((description, str(code), fate + ("" if fate == expected else f" (expected: {expected})"), why))
    table(rows)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--folder", default="demo")
    parser.add_argument("--once", action="store_true")
    args = parser.parse_args()
    folder = os.path.abspath(args.folder)
    os.makedirs(folder, exist_ok=True)
    ports = {name: postern_site.free_port(port) for name, port in (("smtp", 2525), ("sink", 2526), ("web", 8443), ("metrics", 9464))}
    say(f"== Postern with {folder}/postern.toml")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    site, wrong, ended = postern_site.Site(args.bin, folder, ports, signatures(folder)), 0, None
    try:
        say("== sample mail")
        wrong = exercise(site)
        say(f"\nreview page  https://127.0.0.1:{ports['web']}/   login: {site.postern.login}   (self-signed certificate)")
        say(f"SMTP         127.0.0.1:{ports['smtp']}, for anyone@dest.example; delivered mail is in {site.sink.folder}")
        say(f"metrics      http://127.0.0.1:{ports['metrics']}/metrics   log: {site.postern.log_path}")
        if not args.once:
            say("Ctrl-C ends it.")
            site.postern.process.wait()
    except KeyboardInterrupt:
        say("\nstopping")
    finally:
        ended = site.stop()
    if ended != 0:
        say(f"postern serve did not end cleanly: {ended}")
    sys.exit(1 if wrong or ended != 0 else 0)


if __name__ == "__main__":
    main()
