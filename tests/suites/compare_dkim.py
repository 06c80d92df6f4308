#!/usr/bin/env python3
"""Random DKIM signatures and ARC chains, whole and slightly broken: `postern auth` beside dkimpy, OpenDKIM and Mail::DKIM.

Where all the others agree about a signature, we have to say the same; where they differ among themselves, the case is
counted and no more (--differences shows it). Exit 77 (skipped) without python3-dkim.
The cases are drawn from a fixed seed (--seed N --cases N for others), so a failure comes again; --keep FOLDER keeps them.
"""
import argparse
import base64
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.append("/usr/lib/python3/dist-packages")
try:
    import dkim
    import dkim.canonicalization
    import dkim.crypto
except ImportError:
    dkim = None

TESTS = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("POSTERN_BIN", "build/release/bin"))
ORACLE = BIN.parent / "tests" / "opendkim_oracle"
DOMAIN = "example.org"
NOW = int(time.time())
FORMS = ("simple", "relaxed")
MAIL_DKIM = """
use Mail::DKIM::Verifier; use Mail::DKIM::ARC::Verifier; use Mail::DKIM::DNS; use Net::DNS::Resolver;
my ($class, $host, @files) = @ARGV; my ($h, $p) = split /:/, $host;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => [$h], port => $p, recurse => 1));
for my $file (@files) {
  my $v = $class->new; open my $in, "<:raw", $file; local $/; eval { $v->PRINT(<$in>); $v->CLOSE; };
  print $class =~ /ARC/ ? ($v->result || "none") : join(",", map { $_->result } $v->signatures), "\\n";
}
"""


def body(draw):
    pieces = (b"Hello, world.\r\n", b"two  blanks \t here\r\n", b"blank at the end \r\n", b"\t\r\n", b" \r\n", b"\r\n", b"\r\n\r\n", b".\r\n", b"..x\r\n",
              b" starts with a blank\r\n", "Grüße\r\n".encode(), b"-- \r\n", b"x" * 300 + b"\r\n", b"a\tb\t\r\n")
    text = b"".join(draw.choice(pieces) for _ in range(draw.choice((0, 1, 1, 2, 3, 6, 12))))
    return text + draw.choice((b"", b"", b"", b"\r\n\r\n\r\n"))


def headers(draw):
    fields = [b"From: A <a@example.org>", b"To: b@example.net"]
    fields += draw.sample((b"Subject:   two  blanks ", b"Subject: folded\r\n\tonce\r\n  twice", b"Date: Tue, 24 Nov 2026 10:00:00 +0000", b"Message-ID:<1@example.org>", b"MIME-Version: 1.0",
                           b"Content-Type: text/plain;\r\n  charset=us-ascii", b"X-Empty:", b"X-Blank: ", b"x-lower:value", b"X-Many: 1", b"X-Many:  2 ", b"X-Many:\r\n\t3"), draw.randint(0, 7))
    draw.shuffle(fields)
    seen = {}
    kept = []
    for field in fields:
        name = field.split(b":")[0].lower()
        if name == b"subject" and name in seen:
            continue
        seen[name] = True
        kept.append(field)
    return kept


def signature(draw, fields, text, key):
    """(DKIM-Signature field, traits)"""
    traits = []
    form = (draw.choice(FORMS), draw.choice(FORMS))
    policy = dkim.canonicalization.CanonicalizationPolicy.from_c_value(f"{form[0]}/{form[1]}".encode())
    canonical = policy.canonicalize_body(text)
    tags = [("v", "1"), ("a", "rsa-sha256"), ("d", draw.choice((DOMAIN, DOMAIN, "Example.ORG"))), ("s", "r")]
    if form != ("simple", "simple") or draw.random() < 0.5:
        tags.append(("c", f"{form[0]}/{form[1]}" if form[1] != "simple" or draw.random() < 0.5 else form[0]))
    if draw.random() < 0.3:
        length = draw.choice((len(canonical), len(canonical), max(len(canonical) - 2, 0), 0, len(canonical) + 1))
        tags.append(("l", str(length)))
        if length > len(canonical):
            traits.append("l= too long")
        canonical = canonical[:length]
    if draw.random() < 0.3:
        when = draw.choice((NOW - 100, NOW - 100, NOW + 1000, NOW + 100_000))
        tags.append(("t", str(when)))
        if when > NOW:
            traits.append("t= in the future")
    if draw.random() < 0.3:
        when = draw.choice((NOW + 10_000, NOW + 10_000, NOW - 10_000))
        tags.append(("x", str(when)))
        if when < NOW:
            traits.append("x= in the past")
    if draw.random() < 0.3:
        identity = draw.choice(("@example.org", "a@example.org", "@sub.example.org", "joe@a.b.example.org", "@example.net", "@xexample.org"))
        tags.append(("i", identity))
    names = ["from"] + [f.split(b":")[0].decode() for f in fields if draw.random() < 0.7 and not f.lower().startswith(b"from")]
    names += draw.sample(("x-missing", "From", "Subject", "X-Many", "reply-to"), draw.randint(0, 3))
    draw.shuffle(names)
    if draw.random() < 0.05:
        names = [n for n in names if n.lower() != "from"] or ["to"]
        traits.append("From is not signed")
    tags.append(("h", draw.choice((":", " : ", ":\r\n\t")).join(names)))
    tags.append(("bh", base64.b64encode(hashlib.sha256(canonical).digest()).decode()))
    if draw.random() < 0.2:
        tags.append(("q", draw.choice(("dns/txt", "dns/txt", "dns"))))
    if draw.random() < 0.2:
        tags.append(("z", "From:a=20b|To:c"))
    if draw.random() < 0.1:
        tags.append(("xx", "unknown"))
    head, rest = tags[:1], tags[1:]
    draw.shuffle(rest)
    equals, between = draw.choice((("=", "; "), ("=", ";"), (" = ", " ;\r\n\t"), ("=", ";\r\n "))) if draw.random() < 0.5 else ("=", "; ")
    value = " " + between.join(f"{name}{equals}{content}" for name, content in head + rest) + between + "b="
    unfinished = b"DKIM-Signature:" + value.encode()
    digest = hashlib.sha256()
    for name, content in policy.canonicalize_headers(picked(fields, names)):
        digest.update(name + b":" + content)
    name, content = policy.canonicalize_headers([(b"DKIM-Signature", value.encode() + b"\r\n")])[0]
    digest.update(name + b":" + content.rstrip(b"\r\n"))
    proof = base64.b64encode(dkim.crypto.RSASSA_PKCS1_v1_5_sign(digest, key)).decode()
    return unfinished + draw.choice(("", "\r\n\t")).join((proof[:60], proof[60:])).encode(), traits


def picked(fields, names):
    """What h= selects, bottom to top (RFC 6376 5.4.2)."""
    left = [(f.split(b":", 1)[0], f.split(b":", 1)[1] + b"\r\n") for f in fields]
    chosen_ones = []
    for name in names:
        for at in range(len(left) - 1, -1, -1):
            if left[at][0].lower() == name.lower().encode():
                chosen_ones.append(left.pop(at))
                break
    return chosen_ones


MUTATIONS = {
    "nothing": lambda draw, f, b: (f, b),
    "blank lines at the end": lambda draw, f, b: (f, b + b"\r\n\r\n"),
    "a line at the end": lambda draw, f, b: (f, b + b"more\r\n"),
    "blanks at line ends": lambda draw, f, b: (f, b.replace(b"\r\n", b" \t\r\n", 1)),
    "blanks within lines": lambda draw, f, b: (f, b.replace(b" ", b"  ", 1)),
    "a byte of the body": lambda draw, f, b: (f, b.replace(b"e", b"E", 1)),
    "folding": lambda draw, f, b: ([x.replace(b": ", b":\r\n ", 1) if not x.startswith(b"DKIM") else x for x in f], b),
    "case of names": lambda draw, f, b: ([x.split(b":", 1)[0].upper() + b":" + x.split(b":", 1)[1] if not x.startswith(b"DKIM") else x for x in f], b),
    "blank before the colon": lambda draw, f, b: ([x.replace(b"To:", b"To :", 1) for x in f], b),
    "a field above": lambda draw, f, b: ([b"X-Many: 0", *f], b),
    "a field below": lambda draw, f, b: ([*f, b"X-Many: 4"], b),
    "second From": lambda draw, f, b: ([b"From: evil@example.net", *f], b),
    "a Received field": lambda draw, f, b: ([b"Received: from x by y; Tue, 24 Nov 2026 10:00:00 +0000", *f], b),
    "order of fields": lambda draw, f, b: (f[:1] + f[:0:-1], b),
    "a byte of the header": lambda draw, f, b: ([x.replace(b"a@example.org>", b"b@example.org>") if x.startswith(b"From") else x for x in f], b),
    "a byte of b=": lambda draw, f, b: ([x[:-3] + (b"A" if x[-3:-2] != b"A" else b"B") + x[-2:] if x.startswith(b"DKIM") else x for x in f], b),
    "a fold in the signature": lambda draw, f, b: ([x.replace(b";", b";\r\n\t", 1) if x.startswith(b"DKIM") else x for x in f], b),
}


def dkim_case(draw, key):
    fields, text = headers(draw), body(draw)
    field, traits = signature(draw, fields, text, key)
    change = draw.choice(list(MUTATIONS)) if draw.random() < 0.6 else "nothing"
    fields, text = MUTATIONS[change](draw, [field, *fields], text)
    return b"\r\n".join(fields) + b"\r\n\r\n" + text, [change, *traits]


ARC_CHANGES = {
    "nothing": lambda draw, m: m,
    "a line at the end": lambda draw, m: m + b"more\r\n",
    "a subject": lambda draw, m: m.replace(b"Subject: arc", b"Subject: ARC"),
    "cv=": lambda draw, m: m.replace(b"cv=pass", b"cv=none", 1),
    "a missing field": lambda draw, m: m.replace(b"ARC-Authentication-Results:", b"X-Gone:", 1),
    "an instance": lambda draw, m: m.replace(b"i=1;", b"i=3;", 1),
    "results": lambda draw, m: m.replace(b"spf=pass", b"spf=fail", 1),
    "a field above": lambda draw, m: b"Received: from x by y\r\n" + m,
    "a doubled set": lambda draw, m: m[:m.index(b"ARC-Seal", 5) if m.count(b"ARC-Seal") > 1 else 0] + m,
}


def arc_case(draw, pem):
    message = b"From: A <a@example.org>\r\nTo: b@example.net\r\nSubject: arc\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n" + body(draw)
    for _ in range(draw.choice((0, 1, 1, 2, 3))):
        results = b"Authentication-Results: example.org; spf=pass smtp.mailfrom=a@example.org; arc=pass\r\n"
        sealed = dkim.arc_sign(results + message, b"r", DOMAIN.encode(), pem, b"example.org", include_headers=[b"from", b"to", b"subject", b"date", b"message-id"])
        message = b"".join(sealed) + results + message
    change = draw.choice(list(ARC_CHANGES))
    return ARC_CHANGES[change](draw, message), [change]


class Site:
    def __init__(self, folder):
        self.folder = folder
        pem = folder / "r.pem"
        made = json.loads(subprocess.run([BIN / "postern", "--json", "dkim", "keygen", "--domain", DOMAIN, "--selector", "r", "--out", pem], check=True, stdout=subprocess.PIPE).stdout)
        self.pem = pem.read_bytes()
        self.key = dkim.crypto.parse_pem_private_key(self.pem)
        self.name, self.record = made["name"], made["record"]
        (folder / "keys").write_text("".join(f"r._domainkey.{domain} {self.record}\n" for domain in (DOMAIN, "Example.ORG")))
        (folder / "zone").write_text(f"{self.name} TXT " + " ".join(f'"{self.record[at:at + 255]}"' for at in range(0, len(self.record), 255)) + "\n")
        self.dns = subprocess.Popen([sys.executable, str(TESTS / "support/dns/fake_dns.py"), str(folder / "zone"), "--until-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.dns.stdout.readline().split()[1]
        (folder / "postern.toml").write_text(f'[dns]\nservers = ["{self.address}"]\n')

    def text_of(self, name, timeout=5):
        return self.record.encode() if name.decode().rstrip(".").lower() == self.name else b""

    def ours(self, files):
        done = subprocess.run([BIN / "postern", "--config", self.folder / "postern.toml", "--json", "auth", *files], stdout=subprocess.PIPE, check=False)
        return [json.loads(line)["auth"] for line in done.stdout.splitlines()]

    def dkimpy(self, file, arc):
        try:
            if arc:
                return dkim.arc_verify(file.read_bytes(), dnsfunc=self.text_of)[0] == dkim.CV_Pass
            return dkim.verify(file.read_bytes(), dnsfunc=self.text_of)
        except Exception:  # whatever it raises, it is no pass
            return False

    def perl(self, kind, files):
        done = subprocess.run(["perl", "-e", MAIL_DKIM, kind, self.address, *files], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        lines = done.stdout.decode().splitlines()
        return [line.split(",")[0] == "pass" for line in lines] if len(lines) == len(files) else None

    def oracle(self, files):
        if not ORACLE.exists():
            return None
        done = subprocess.run([ORACLE, "each", self.folder / "keys", *files], stdout=subprocess.PIPE, check=True)
        return [line.startswith(b"pass") for line in done.stdout.splitlines()]


def compare(kind, site, cases, draw, count):
    arc = kind == "arc"
    files, traits = [], []
    for number in range(count):
        message, about = (arc_case(draw, site.pem) if arc else dkim_case(draw, site.key))
        files.append(site.folder / f"{kind}{number}.eml")
        files[-1].write_bytes(message)
        traits.append(about)
    told = site.ours(files)
    assert len(told) == len(files), "not every message has an answer"
    others = {"dkimpy": [site.dkimpy(file, arc) for file in files], "Mail::DKIM": site.perl("Mail::DKIM::ARC::Verifier" if arc else "Mail::DKIM::Verifier", files)}
    if not arc:
        others["OpenDKIM"] = site.oracle(files)
    others = {name: results for name, results in others.items() if results is not None}
    agreed = differ = wrong = 0
    for at, file in enumerate(files):
        result = told[at]["arc"] if arc else told[at]["dkim"][0]
        ours = result["result"] == "pass"
        theirs = {results[at] for results in others.values()}
        if len(theirs) > 1:
            differ += 1
            cases.append((kind, file.name, traits[at], result['result'], result['detail'][:60], {name: results[at] for name, results in others.items()}))
        elif ours in theirs:
            agreed += 1
        else:
            wrong += 1
            print(f"WRONG {file.name} {traits[at]}: we say {result['result']} ({result['detail']}), {', '.join(others)} say {'pass' if theirs.pop() else 'no pass'}")
    print(f"{kind}: {agreed} of {count} as {', '.join(others)} have it; {differ} where they differ, {wrong} wrong")
    return wrong


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=6376)
    options.add_argument("--cases", type=int, default=300)
    options.add_argument("--keep")
    options.add_argument("--differences", action="store_true", help="show where the others differ")
    options = options.parse_args()
    if dkim is None:
        print("skipped: needs python3-dkim")
        return 77
    draw, cases = random.Random(options.seed), []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(options.keep or folder)
        folder.mkdir(exist_ok=True)
        site = Site(folder)
        try:
            wrong = compare("dkim", site, cases, draw, options.cases) + compare("arc", site, cases, draw, options.cases // 3)
        finally:
            site.dns.kill()
            site.dns.wait()
    if options.differences:
        for case in cases:
            print(*case)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
