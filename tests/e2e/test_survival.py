"""kill -9 on every process of ours in turn, once a second, while mail flows: nothing acknowledged is lost."""
import hashlib
import os
import queue
import random
import signal
import smtplib
import sys
import threading
import time

import end_to_end
import postern_site
import samples

MESSAGES = int(os.environ.get("POSTERN_SURVIVAL_MESSAGES", "1000"))
CONNECTIONS = 20
PAUSE = 0.4  # between two messages of a connection, so that mail flows for some 20 kills
PATIENCE = 6.0  # seconds until service is back, on a machine that may be loaded; 2 on an idle one


def processes_under(root):
    """pid -> program and depth of everything below root: launcher, zygote and workers share a name."""
    parents, names = {}, {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    before, after = stat.read().rsplit(")", 1)
                parents[int(name)] = int(after.split()[1])
                names[int(name)] = before.split("(", 1)[1]
            except (OSError, IndexError):
                pass
    found, todo = {}, [(root, 0)]
    while todo:
        pid, depth = todo.pop()
        for child, parent in parents.items():
            if parent == pid:
                found[child] = f"{names[child]}/{depth}"
                todo.append((child, depth + 1))
    return found


class Sender(threading.Thread):
    """Sends until the queue is empty; what was not answered 250 goes again, over a new connection."""

    def __init__(self, port, todo, acknowledged):
        super().__init__(daemon=True)
        self.port, self.todo, self.acknowledged = port, todo, acknowledged

    def run(self):
        client = None
        while True:
            try:
                name, message = self.todo.get_nowait()
            except queue.Empty:
                return
            try:
                client = client or smtplib.SMTP("127.0.0.1", self.port, timeout=60)
                client.sendmail("alice@sender.example", ["bob@dest.example"], message)
                self.acknowledged.append(name)
                time.sleep(PAUSE)
            except (OSError, smtplib.SMTPException):
                client = None
                self.todo.put((name, message))
                time.sleep(0.05)


class Survival(end_to_end.EndToEnd):
    def time_until_served(self):
        begun = time.monotonic()

        def served():
            try:
                return self.site.send(samples.head("Probe", f"probe-{time.monotonic_ns()}") + b"x\r\n", timeout=10)[0] == 250
            except (OSError, smtplib.SMTPException):
                return False

        self.assertTrue(postern_site.wait_for(served, 30), "no service within 30 s")
        return time.monotonic() - begun

    def kill_in_turn(self, senders):
        """Once a second the next kind of process; gives how long service took to come back each time."""
        times, turn = [], 0
        while any(sender.is_alive() for sender in senders):
            table = processes_under(self.site.postern.process.pid)
            kinds = sorted(set(table.values()))
            if kinds:
                kind = kinds[turn % len(kinds)]
                turn += 1
                victim = random.choice([pid for pid, name in table.items() if name == kind])
                try:
                    os.kill(victim, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                back = self.time_until_served()
                times.append((kind, back))
                time.sleep(max(0.0, 1.0 - back))
        return times

    def test_each_acknowledged_message_is_at_the_next_hop_or_held(self):
        todo, acknowledged, digests = queue.Queue(), [], {}
        for i in range(MESSAGES):
            name = f"survive-{i}"
            body = samples.EICAR if i % 5 == 0 else b"word " * 200
            message = samples.with_attachment("Survive", name, "a.bin", body, "application/octet-stream")
            digests[name] = hashlib.sha256(message).hexdigest()
            todo.put((name, message))
        senders = [Sender(self.site.ports["smtp"], todo, acknowledged) for _ in range(CONNECTIONS)]
        for sender in senders:
            sender.start()
        times = self.kill_in_turn(senders)
        self.assertEqual(len(set(acknowledged)), MESSAGES)
        print("kills: " + ", ".join(f"{kind} {back:.2f} s" for kind, back in times), file=sys.stderr)
        arrived = b"\n".join(text[:2000] for text in self.site.sink.messages())
        # By digest: a message whose worker was killed is held, and nobody has read its Message-ID.
        held = {record["sha256"] for record in self.site.postern.held()}
        missing = [name for name in acknowledged if f"<{name}@".encode() not in arrived and digests[name] not in held]
        self.assertEqual(missing, [])
        leaked = [name for i, name in enumerate(f"survive-{i}" for i in range(MESSAGES)) if i % 5 == 0 and f"<{name}@".encode() in arrived]
        self.assertEqual(leaked, [], "EICAR was delivered")
        self.assertLess(max(back for _, back in times), PATIENCE)


if __name__ == "__main__":
    end_to_end.main()
