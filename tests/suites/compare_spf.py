#!/usr/bin/env python3
"""Random SPF records: `postern auth` and pyspf, which shares no code with it, have to agree.

Results are compared, and explanations made of random macros, letter for letter. Both ask the same zone: ours through a real DNS server, pyspf by its look-up hook. Exit 77 (skipped) without
python3-spf. The records are drawn from a fixed seed, so a failure comes again.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
CASES = 250
EXPLANATIONS = 80
SENDERS = ("joe", "strong-bad", "a.b-c+d", "X.Y_Z", "bob=other/alias")
HOSTS = ("a.example.org", "b.example.org", "mail.example.org", "void.example.org", "ip6.example.org")
ADDRESSES = ("192.0.2.1", "192.0.2.77", "198.51.100.9", "2001:db8::1")
ZONE = {
    "a.example.org": [("A", "192.0.2.1"), ("A", "192.0.2.2")],
    "b.example.org": [("A", "198.51.100.9"), ("AAAA", "2001:db8::1")],
    "ip6.example.org": [("AAAA", "2001:db8::1")],
    "mail.example.org": [("MX", (10, "a.example.org")), ("MX", (20, "b.example.org"))],
    "joe.example.org": [("A", "127.0.0.2")],
    "1.2.0.192.list.example.org": [("A", "127.0.0.2")],
    "1.2.0.192.in-addr.arpa": [("PTR", "a.example.org")],
    "77.2.0.192.in-addr.arpa": [("PTR", "other.example.org")],
    "other.example.org": [("A", "203.0.113.5")],
    "pass.example.org": [("TXT", "v=spf1 ip4:192.0.2.77 -all")],
    "none.example.org": [("TXT", "something else")],
    "bad.example.org": [("TXT", "v=spf1 moo")],
    "deep.example.org": [("TXT", "v=spf1 a:a.example.org include:pass.example.org ?all")],
}


def term(draw):
    # An unknown modifier gets a name of its own: pyspf refuses one that stands twice, which RFC 7208 6 allows.
    host = draw.choice(HOSTS)
    return draw.choice((
        f"a:{host}", f"a:{host}/24", f"a:{host}//64", f"mx:{host}", f"mx:{host}/16//32", "ptr", f"ptr:{host}",
        f"exists:{host}", "exists:%{l}.example.org", "exists:%{ir}.list.example.org", "exists:%{l1r-}.%{d2}",
        "ip4:192.0.2.0/24", "ip4:198.51.100.9", "ip6:2001:db8::/32", "ip4:192.0.2.300", "ip4:192.0.2.0/33",
        "include:pass.example.org", "include:deep.example.org", "include:none.example.org",
        "include:bad.example.org", "include:gone.example.org", "redirect=pass.example.org",
        "redirect=none.example.org", "exp=why.example.org", f"foo{draw.random()}=bar", "foo=%x", "all", "a:%{x}.org", "mx:museum", "a:",
    ))


def record(draw):
    terms = [draw.choice(("", "", "-", "~", "?")) + t if "=" not in (t := term(draw)) else t
             for _ in range(draw.randint(1, 6))]
    return " ".join(["v=spf1", *terms, draw.choice(("-all", "~all", "", ""))])


def macro(draw):
    letter = draw.choice("slodihvc" + "slod")
    if draw.random() < 0.2:
        letter = letter.upper()
    digits = draw.choice(("", "", "1", "2", "3", "9", "30", "128"))
    delimiters = draw.choice(("", "", "-", ".", "+-", ".-+,/_="))
    if letter in "vV":
        delimiters = delimiters.replace("-", "")  # pyspf never cuts "in-addr", which RFC 7208 7.3 wants cut like the rest
    return "%{" + letter + digits + draw.choice(("", "", "r")) + delimiters + "}"


def explanation(draw):
    return "".join(draw.choice((macro, macro, lambda _: draw.choice((" is ", "%%", "%_", "%-", "x", ". "))))(draw) for _ in range(draw.randint(1, 6)))


def lines(zone):
    for name, entries in zone.items():
        for kind, value in entries:
            if kind == "TXT":
                yield f"{name} TXT hex:{value.encode().hex()}"
            elif kind == "MX":
                yield f"{name} MX {value[0]} {value[1]}"
            else:
                yield f"{name} {kind} {value}"


def ask_zone(spf, zone):
    def look_up(name, qtype, *_args, **_kwargs):
        for kind, value in zone.get(name.lower().rstrip("."), []):
            if kind != qtype:
                continue
            if kind == "TXT":
                value = (value.encode(),)
            elif kind == "AAAA":
                value = spf.ipaddress.ip_address(value).packed
            yield (name, kind), value
    return look_up


def main():
    try:
        import spf
    except ImportError:
        print("skipped: needs python3-spf")
        return 77
    draw = random.Random(7208)
    zone = dict(ZONE)
    tests = []
    for i in range(CASES):
        zone[f"case{i}.example.org"] = [("TXT", record(draw))]
        tests.append((f"joe@case{i}.example.org", draw.choice(ADDRESSES)))
    for i in range(EXPLANATIONS):
        domain = f"deep.er{i}.example.org"
        zone[domain] = [("TXT", f"v=spf1 exp=why{i}.example.org -all")]
        zone[f"why{i}.example.org"] = [("TXT", "> " + explanation(draw) + " <")]
        tests.append((f"{draw.choice(SENDERS)}@{domain}", draw.choice(ADDRESSES)))
    spf.DNSLookup = ask_zone(spf, zone)
    postern = os.path.join(os.environ["POSTERN_BIN"], "postern")
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "zone"
        file.write_text("\n".join(lines(zone)) + "\n", encoding="utf-8")
        server = subprocess.Popen([sys.executable, str(TESTS / "support/dns/fake_dns.py"), str(file), "--until-eof"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            config = pathlib.Path(folder) / "postern.toml"
            config.write_text(f'[dns]\nservers = ["{server.stdout.readline().split()[1]}"]\n', encoding="utf-8")
            for sender, address in tests:
                done = subprocess.run([postern, "--config", str(config), "auth", "--json", "--spf-only", "--ip", address,
                                       "--helo", "mx.client.org", "--from", sender], capture_output=True, check=False)
                ours = json.loads(done.stdout)["auth"]["spf"]
                theirs, _, why = spf.query(i=address, s=sender, h="mx.client.org", strict=True, timeout=5).check()
                published = zone[sender.split("@")[1]][0][1]
                if ours["result"] != theirs:
                    wrong += 1
                    print(published, address, "ours", ours["result"], ours["detail"], "pyspf", theirs)
                elif why.startswith("> ") and ours["explanation"] != why:
                    wrong += 1
                    print(zone[published.split("exp=")[1].split()[0]][0][1], sender, address, "ours", ours["explanation"], "pyspf", why)
        finally:
            server.kill()
            server.wait()
    print(f"{len(tests) - wrong} of {len(tests)} agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
