#!/usr/bin/env python3
"""A DNS server under a test's control: authoritative for the whole tree, UDP and TCP, one thread.

    fake_dns.py ZONE [--listen 127.0.0.1:0] [--log FILE] [--edns yes|formerr|drop] [--negative-ttl 60]

Prints "ready ADDRESS:PORT" when it listens; reads ZONE again on SIGHUP; ends on SIGTERM or when its
standard input closes (with --until-eof). The zone's grammar is in README.md beside this file.
"""
import argparse
import heapq
import selectors
import signal
import socket
import struct
import sys
import time

from zone import Zone, ZoneError

RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
TCP_IDLE = 30.0
HELD_CONNECTIONS = 512


def read_question(packet):
    """(end of question, name as lower-case wire form, type, EDNS payload size or None)"""
    if len(packet) < 17 or packet[2] & 0x80 or packet[4:6] != b"\0\1":
        return None
    at = 12
    while packet[at] != 0:
        if packet[at] > 63:
            return None
        at += packet[at] + 1
        if at >= len(packet):
            return None
    at += 1
    if at + 4 > len(packet):
        return None
    kind = packet[at] << 8 | packet[at + 1]
    size = None
    if packet[10:12] != b"\0\0" and len(packet) >= at + 4 + 11 and packet[at + 4:at + 7] == b"\0\0\x29":
        size = struct.unpack_from("!H", packet, at + 7)[0]
    return at + 4, packet[12:at].lower(), kind, size


class Server:
    def __init__(self, options):
        self.options = options
        self.zone = Zone.read(options.zone, options.negative_ttl)
        self.log = open(options.log, "a", buffering=1) if options.log else None
        self.selector = selectors.DefaultSelector()
        self.later = []  # (when, order, function)
        self.order = 0
        self.stop = False
        self.reload = False
        self.tcp = {}
        self.udp, self.listener = self.bind(options.listen)
        self.selector.register(self.udp, selectors.EVENT_READ, self.on_udp)
        self.selector.register(self.listener, selectors.EVENT_READ, self.on_accept)

    @staticmethod
    def bind(listen):
        host, _, port = listen.rpartition(":")
        host = host.strip("[]")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        for _ in range(100):
            udp = socket.socket(family, socket.SOCK_DGRAM)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            udp.bind((host, int(port)))
            tcp = socket.socket(family, socket.SOCK_STREAM)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tcp.bind((host, udp.getsockname()[1]))
                tcp.listen(128)
            except OSError:
                udp.close()
                tcp.close()
                continue
            udp.setblocking(False)
            tcp.setblocking(False)
            return udp, tcp
        raise SystemExit("no port that is free for both UDP and TCP")

    def address(self):
        host, port = self.udp.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def at(self, delay, function):
        self.order += 1
        heapq.heappush(self.later, (time.monotonic() + delay, self.order, function))

    # What is answered.

    def note(self, name, kind, over):
        if self.log:
            self.log.write(f"{over} {Zone.text(name)} {Zone.type_name(kind)}\n")

    def reply(self, packet, end, name, kind, size, over_tcp, send):
        """Makes the answer and hands it to `send`, now, later, often or never."""
        self.note(name, kind, "tcp" if over_tcp else "udp")
        if size is not None and self.options.edns == "drop":
            return
        if size is not None and self.options.edns == "formerr":
            send(packet[:2] + b"\x81\x81" + packet[4:6] + bytes(6) + packet[12:end])
            return
        lies = self.zone.behaviour(name, kind)
        if not lies:
            rcode, counts, body = self.zone.answer(name, kind)
            flags = 0x8480 | rcode
            if not over_tcp and end + len(body) + 11 > (size or 512):
                flags, counts, body = flags | 0x0200, bytes(6), b""
            if size is not None:
                counts = counts[:5] + bytes((counts[5] + 1,))
                body += b"\0\0\x29\x10\0\0\0\0\0\0\0"
            send(packet[:2] + struct.pack("!H", flags) + b"\0\1" + counts + packet[12:end] + body)
            return
        self.lie(lies, packet, end, name, kind, over_tcp, send)

    def lie(self, lies, packet, end, name, kind, over_tcp, send):
        rcode, counts, body = self.zone.answer(name, kind)
        ident, question, flags = packet[:2], packet[12:end], 0x8480 | rcode
        delay, copies = 0.0, 1
        raw = None
        for what, value in lies:
            if what == "drop" or (what == "drop-udp" and not over_tcp):
                return
            if what == "tcp-hang":
                if over_tcp:
                    return
                flags, counts, body = flags | 0x0200, bytes(6), b""
            elif what == "delay":
                delay = value
            elif what == "rcode":
                flags, counts, body = (flags & ~15) | RCODES[value], bytes(6), b""
            elif what == "truncate" and not over_tcp:
                flags, counts, body = flags | 0x0200, bytes(6), b""
            elif what == "truncate-always":
                flags = flags | 0x0200
            elif what == "wrong-id":
                ident = bytes((ident[0] ^ 0x55, ident[1]))
            elif what == "wrong-question":
                question = b"\x05wrong" + question
            elif what == "other-name":
                question = question[:1] + bytes((question[1] ^ 0x01,)) + question[2:]
            elif what == "wrong-type":
                question = question[:-4] + struct.pack("!H", 99) + question[-2:]
            elif what == "wrong-case":
                question = bytes(c ^ 0x20 if chr(c).isalpha() else c for c in question)
            elif what == "lower-case":
                question = question[:-4].lower() + question[-4:]
            elif what == "no-question":
                raw = ident + struct.pack("!H", flags) + b"\0\0" + bytes(6)
            elif what == "query-bit":
                flags &= 0x7FFF
            elif what == "cut":
                body = body[:value]
            elif what == "counts":
                counts = struct.pack("!HHH", value, value, value)
            elif what == "body":
                counts, body = struct.pack("!HHH", value[0], 0, 0), value[1]
            elif what == "extra":
                counts = counts[:4] + struct.pack("!H", struct.unpack("!H", counts[4:])[0] + 1)
                body += value
            elif what == "repeat":
                copies = value
            elif what == "packet":
                raw = ident + value
        reply = raw or ident + struct.pack("!H", flags) + b"\0\1" + counts + question + body
        for _ in range(copies):
            if delay:
                self.at(delay, lambda: send(reply))
            else:
                send(reply)

    # UDP

    def on_udp(self, _):
        for _ in range(256):
            try:
                packet, peer = self.udp.recvfrom(4096)
            except OSError:
                return
            question = read_question(packet)
            if question:
                self.reply(packet, *question, False, lambda reply, to=peer: self.send_udp(reply, to))

    def send_udp(self, reply, peer):
        try:
            self.udp.sendto(reply, peer)
        except OSError:
            pass  # full, or the asker has gone: a lost datagram

    # TCP

    def on_accept(self, _):
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        if len(self.tcp) >= HELD_CONNECTIONS:
            connection.close()
            return
        connection.setblocking(False)
        self.tcp[connection] = [bytearray(), bytearray()]
        self.selector.register(connection, selectors.EVENT_READ, self.on_tcp)
        self.at(TCP_IDLE, lambda: self.close(connection))

    def close(self, connection):
        if self.tcp.pop(connection, None) is not None:
            self.selector.unregister(connection)
            connection.close()

    def on_tcp(self, connection):
        buffers = self.tcp.get(connection)
        if buffers is None:
            return
        self.flush(connection)
        try:
            data = connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close(connection)
            return
        received = buffers[0]
        received += data
        while len(received) >= 2:
            length = received[0] << 8 | received[1]
            if len(received) < 2 + length:
                break
            packet = bytes(received[2:2 + length])
            del received[:2 + length]
            question = read_question(packet)
            if question:
                self.reply(packet, *question, True, lambda reply: self.send_tcp(connection, reply))

    def send_tcp(self, connection, reply):
        if connection in self.tcp:
            self.tcp[connection][1] += struct.pack("!H", len(reply)) + reply
            self.flush(connection)

    def flush(self, connection):
        if connection not in self.tcp:
            return
        waiting = self.tcp[connection][1]
        try:
            while waiting:
                del waiting[:connection.send(waiting)]
        except BlockingIOError:
            pass
        except OSError:
            self.close(connection)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if waiting else 0)
        self.selector.modify(connection, events, self.on_tcp)

    def run(self):
        print(f"ready {self.address()}", flush=True)
        while not self.stop:
            if self.reload:
                self.reload = False
                self.zone = Zone.read(self.options.zone, self.options.negative_ttl)
            now = time.monotonic()
            while self.later and self.later[0][0] <= now:
                heapq.heappop(self.later)[2]()
            wait = max(0.0, self.later[0][0] - time.monotonic()) if self.later else 1.0
            for key, _ in self.selector.select(min(wait, 1.0)):
                key.data(key.fileobj)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("zone")
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--log")
    parser.add_argument("--edns", choices=("yes", "formerr", "drop"), default="yes")
    parser.add_argument("--negative-ttl", type=int, default=60)
    parser.add_argument("--until-eof", action="store_true")
    options = parser.parse_args()
    try:
        server = Server(options)
    except (ZoneError, OSError) as error:
        sys.exit(f"fake_dns: {error}")

    def on_signal(number, _):
        if number == signal.SIGHUP:
            server.reload = True
        else:
            server.stop = True

    def on_input(stream):
        if not stream.buffer.raw.read(1):
            server.stop = True

    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    woken, waker = socket.socketpair()  # a signal alone does not end select()
    woken.setblocking(False)
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    server.selector.register(woken, selectors.EVENT_READ, lambda end: end.recv(64))
    if options.until_eof:
        server.selector.register(sys.stdin, selectors.EVENT_READ, on_input)
    server.run()


if __name__ == "__main__":
    main()
