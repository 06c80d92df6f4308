"""The zone file of fake_dns.py: read whole, answered from ready-made bytes."""
import ipaddress
import re
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
         "DNAME": 39, "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "TLSA": 52, "SPF": 99, "CAA": 257}
NAMES = {number: name for name, number in TYPES.items()}
PLAIN = ("drop", "drop-udp", "tcp-hang", "truncate", "truncate-always", "wrong-id", "wrong-question", "other-name",
         "wrong-type", "wrong-case", "lower-case", "no-question", "query-bit")
MAX_ALIASES = 16
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|#.*|\S+')


class ZoneError(Exception):
    pass


def unescape(text):
    r"""Bytes of presentation form: \DDD and \X."""
    out, i = bytearray(), 0
    raw = text.encode("utf-8")
    while i < len(raw):
        if raw[i] == 0x5C and raw[i + 1:i + 4].isdigit() and len(raw[i + 1:i + 4]) == 3:
            out.append(int(raw[i + 1:i + 4]))
            i += 4
        elif raw[i] == 0x5C and i + 1 < len(raw):
            out.append(raw[i + 1])
            i += 2
        else:
            out.append(raw[i])
            i += 1
    return bytes(out)


def wire(name):
    out = bytearray()
    for label in re.findall(r"(?:[^.\\]|\\\d{3}|\\.)+", name.rstrip(".") if not name.endswith("\\.") else name):
        raw = unescape(label)
        if len(raw) > 63:
            raise ZoneError(f"label of more than 63 bytes: {label}")
        out.append(len(raw))
        out += raw
    if len(out) > 254:
        raise ZoneError(f"name of more than 255 bytes: {name}")
    return bytes(out) + b"\0"


def strings(tokens):
    """Character strings of a TXT: "quoted", hex:0a0b, fill:70000; longer ones are cut at 255."""
    out = bytearray()
    for token in tokens:
        if token.startswith("hex:"):
            raw = bytes.fromhex(token[4:])
        elif token.startswith("fill:"):
            raw = b"x" * int(token[5:])
        else:
            raw = unescape(token[1:-1] if token.startswith('"') else token)
        for at in range(0, max(len(raw), 1), 255):
            out.append(len(raw[at:at + 255]))
            out += raw[at:at + 255]
    return bytes(out)


def rdata(kind, tokens):
    """A list: one line may hold several A or AAAA."""
    if kind in ("A", "AAAA"):
        return [ipaddress.ip_address(token).packed for token in tokens]
    if kind in ("NS", "CNAME", "PTR", "DNAME"):
        return [wire(token) for token in tokens]
    if kind == "MX":
        return [struct.pack("!H", int(tokens[0])) + wire(tokens[1])]
    if kind in ("TXT", "SPF"):
        return [strings(tokens)]
    if kind == "SOA":
        return [wire(tokens[0]) + wire(tokens[1]) + struct.pack("!5I", *map(int, tokens[2:7]))]
    if kind == "TLSA":
        return [bytes(map(int, tokens[:3])) + bytes.fromhex("".join(tokens[3:]))]
    if kind == "SRV":
        return [struct.pack("!3H", *map(int, tokens[:3])) + wire(tokens[3])]
    raise ZoneError(f"records of type {kind} are written as RAW")


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s)", text).groups()
    return int(number) / (1000 if unit == "ms" else 1)


def record(owner, kind, ttl, data):
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


class Zone:
    def __init__(self, negative_ttl):
        self.sets = {}        # wire name -> {type: [(ttl, rdata)]}
        self.inner = set()    # names that exist because something stands below them
        self.behaviours = {}  # (wire name, type or None) -> [(what, value)]
        self.ready = {}
        self.negative_ttl = negative_ttl

    @staticmethod
    def read(path, negative_ttl=60):
        zone = Zone(negative_ttl)
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                tokens = [t for t in TOKEN.findall(line) if not t.startswith("#")]
                try:
                    if tokens:
                        zone.add(tokens)
                except (ValueError, IndexError, AttributeError, struct.error, ZoneError) as error:
                    raise ZoneError(f"{path}:{number}: {error}") from error
        return zone

    def add(self, tokens):
        name, word, rest = wire(tokens[0]).lower(), tokens[1], tokens[2:]
        ttl = int(rest.pop(0)[4:]) if rest and rest[0].startswith("ttl=") else 300
        if word == "RAW":
            kind = TYPES.get(rest[0]) or int(rest[0])
            self.put(name, kind, ttl, [bytes.fromhex("".join(rest[1:]))])
        elif word == "exists":
            self.put(name, 0, ttl, [])
        elif word == "many":  # many TYPE N DATA: the same record N times
            self.put(name, TYPES[rest[0]], ttl, rdata(rest[0], rest[2:]) * int(rest[1]))
        elif word in TYPES:
            self.put(name, TYPES[word], ttl, rdata(word, rest))
        else:
            self.behave(name, word, rest)

    def put(self, name, kind, ttl, datas):
        self.sets.setdefault(name, {}).setdefault(kind, []).extend((ttl, data) for data in datas)
        parent = name
        while len(parent) > 1:
            parent = parent[parent[0] + 1:]
            self.inner.add(parent)

    def behave(self, name, word, rest):
        value = None
        if word in PLAIN:
            pass
        elif word == "delay":
            value = seconds(rest.pop(0))
        elif word == "rcode":
            value = rest.pop(0).upper()
        elif word in ("cut", "counts", "repeat"):
            value = int(rest.pop(0))
        elif word == "body":  # body COUNT HEX: these bytes as the answer section
            value = (int(rest.pop(0)), bytes.fromhex(rest.pop(0)))
        elif word == "packet":  # packet HEX: everything after the id
            value = bytes.fromhex(rest.pop(0))
        elif word == "extra":  # extra NAME TYPE DATA: an additional record nobody asked for
            value = record(wire(rest[0]), TYPES[rest[1]], 300, rdata(rest[1], rest[2:])[0])
            rest = []
        else:
            raise ZoneError(f"unknown word {word}")
        kind = TYPES[rest[0]] if rest else None
        self.behaviours.setdefault((name, kind), []).append((word, value))
        if name not in self.sets:
            self.put(name, 0, 300, [])

    def behaviour(self, name, kind):
        if not self.behaviours:
            return None
        exact = (self.behaviours.get((name, None), []) + self.behaviours.get((name, kind), []))
        if exact or name in self.sets:
            return exact
        star = self.wildcard(name)
        return star and (self.behaviours.get((star, None), []) + self.behaviours.get((star, kind), []))

    def wildcard(self, name):
        """The closest "*" above a name that does not exist (RFC 4592)."""
        while len(name) > 1:
            name = name[name[0] + 1:]
            if b"\x01*" + name in self.sets:
                return b"\x01*" + name
            if name in self.sets or name in self.inner:
                return None
        return None

    def answer(self, name, kind):
        """(rcode, the three counts, what follows the question)"""
        key = (name, kind)
        made = self.ready.get(key)
        if made is None:
            made = self.make(name, kind)
            if len(self.ready) < 100000:
                self.ready[key] = made
        return made

    def make(self, name, kind):
        body, count, owner = b"", 0, b"\xc0\x0c"
        for _ in range(MAX_ALIASES):
            sets = self.sets.get(name)
            if sets is None and name not in self.inner:
                star = self.wildcard(name)
                sets = self.sets[star] if star else None
                if sets is None:
                    return 3, struct.pack("!HHH", count, 1, 0), body + self.soa(name)
            found = (sets or {}).get(kind)
            if found:
                for ttl, data in found:
                    body += record(owner, kind, ttl, data)
                return 0, struct.pack("!HHH", count + len(found), 0, 0), body
            alias = (sets or {}).get(5)
            if not alias:
                return 0, struct.pack("!HHH", count, 1, 0), body + self.soa(name)
            body += record(owner, 5, *alias[0])
            count += 1
            owner = alias[0][1]
            name = owner.lower()
        return 0, struct.pack("!HHH", count, 0, 0), body

    def soa(self, name):
        apex = name
        while len(apex) > 1 and 6 not in self.sets.get(apex, {}):
            apex = apex[apex[0] + 1:]
        own = self.sets.get(apex, {}).get(6)
        if own:
            return record(apex, 6, *own[0])
        return record(b"\0", 6, self.negative_ttl,
                      b"\0\0" + struct.pack("!5I", 1, 3600, 600, 86400, self.negative_ttl))

    @staticmethod
    def text(name):
        labels, at = [], 0
        while name[at]:
            labels.append("".join(chr(c) if 33 <= c < 127 and c not in b".\\" else f"\\{c:03d}"
                                  for c in name[at + 1:at + 1 + name[at]]))
            at += name[at] + 1
        return ".".join(labels) or "."

    @staticmethod
    def type_name(kind):
        return NAMES.get(kind, f"TYPE{kind}")
