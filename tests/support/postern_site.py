"""A whole Postern with a local next hop in one folder: for the demonstration and the end-to-end tests."""
import glob
import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "demo"))
from samples import EICAR

CONFIG = """# Written by a script, over and over. Copy it to change it.
[smtp]
hostname = "gateway.dest.example"
listen = ["127.0.0.1:{smtp}"]

[next_hop]
host = "127.0.0.1"
port = {sink}

[domains]
accept = [{domains}]

[clamav]
database = "{signatures}"

[quarantine]
url = "sqlite://{folder}/state/quarantine.db"

[web]
listen = "127.0.0.1:{web}"

[metrics]
listen = "127.0.0.1:{metrics}"
"""


def free_port(wanted=0):
    """`wanted` if nothing has it, else one that the kernel picks."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
            except OSError:
                continue
    raise OSError("no free port on 127.0.0.1")


def own_signatures(folder):
    """A database that knows EICAR and nothing else."""
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/demo.ndb", "w") as database:
        database.write(f"Eicar-Signature:0:*:{EICAR.hex()}\n")
    return folder


class Postern:
    """`postern serve` as a child. `login` is the line with the review page's account, when it was told."""

    def __init__(self, binaries, folder, config):
        self.program, self.config, self.folder = f"{binaries}/postern", config, folder
        self.log_path = f"{folder}/postern.log"
        self.start()

    def start(self):
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen([self.program, "--config", self.config, "serve"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
        try:
            self.login = self.wait_ready()
        except BaseException:
            self.stop()
            raise

    def wait_ready(self):
        """Reads what serve tells a person, up to "ready"; the first start tells a password, which is kept for later starts."""
        kept = f"{self.folder}/login.txt"
        for line in self.process.stdout:
            if line.startswith("login: "):
                with open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                    file.write(line[len("login: "):])
            if line.startswith("ready"):
                break
        else:
            raise RuntimeError(f"postern serve ended before it was ready; {self.log_path} ends with:\n" + "".join(open(self.log_path).readlines()[-8:]))
        if not os.path.exists(kept):
            return "as set before"
        with open(kept) as file:
            return file.read().strip()

    def run(self, *words, **more):
        return subprocess.run([self.program, "--config", self.config, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)

    def ask(self, *words):
        """A command's answer in JSON: a list of objects."""
        return [json.loads(line) for line in self.run("--json", *words).stdout.splitlines()]

    def held(self):
        return self.ask("quarantine", "list", "--limit", "10000")

    def log(self):
        """The log lines as objects."""
        with open(self.log_path) as log:
            return [json.loads(line) for line in log if line.startswith("{")]

    def stop(self, patience=60):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return f"killed after {patience} s"
        finally:
            self.process.stdout.close()


class Sink:
    """The next hop: stores what it gets in a folder."""

    def __init__(self, binaries, folder, port, *options):
        self.folder = f"{folder}/delivered"
        os.makedirs(self.folder, exist_ok=True)
        self.process = subprocess.Popen([f"{binaries}/postern-sink", "--listen", f"127.0.0.1:{port}", "--folder", self.folder, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
        wait_for(lambda: connects(port), 10)

    def messages(self):
        for path in glob.glob(f"{self.folder}/*.eml"):
            with open(path, "rb") as file:
                yield file.read()

    def find(self, needle):
        return next((text for text in self.messages() if needle.encode() in text), None)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def connects(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, patience, pause=0.05):
    """Asks until the answer is true; gives it, or the last false one when patience is over."""
    until = time.monotonic() + patience
    while True:
        answer = condition()
        if answer or time.monotonic() > until:
            return answer
        time.sleep(pause)


class Site:
    """Next hop, configuration and gateway together. `more` is put behind the configuration, `keys` ({"smtp": "max_errors = 3"}) into its tables; `domains` are those whose mail is taken."""

    def __init__(self, binaries, folder, ports=None, signatures=None, more="", sink_options=(), domains=("dest.example",), keys=None):
        self.binaries, self.folder = os.path.abspath(binaries), os.path.abspath(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.ports = ports or {name: free_port() for name in ("smtp", "sink", "web", "metrics")}
        self.signatures = signatures or own_signatures(f"{self.folder}/signatures")
        self.config, self.domains, self.keys = f"{self.folder}/postern.toml", domains, keys or {}
        self.configure(more)
        self.sink = Sink(self.binaries, self.folder, self.ports["sink"], *sink_options)
        try:
            self.postern = Postern(self.binaries, self.folder, self.config)
        except BaseException:
            self.sink.stop()
            raise

    def configure(self, more=""):
        text = CONFIG.format(folder=self.folder, signatures=self.signatures, domains=", ".join(f'"{domain}"' for domain in self.domains), **self.ports)
        for table, lines in self.keys.items():
            text = text.replace(f"[{table}]\n", f"[{table}]\n{lines}\n", 1)
        with open(self.config, "w") as config:
            config.write(text + more)

    def send(self, message, sender="alice@sender.example", recipients=("bob@dest.example",), timeout=60):
        """One message with raw bytes; gives code and text of the last reply."""
        client = smtplib.SMTP("127.0.0.1", self.ports["smtp"], timeout=timeout)
        try:
            client.ehlo("client.sender.example")
            code, reply = client.mail(sender, ["BODY=8BITMIME"])
            for recipient in recipients if code < 400 else ():
                code, reply = client.rcpt(recipient)
                if code >= 400:
                    break
            if code < 400:
                code, reply = client.docmd("DATA")
            if code == 354:
                stuffed = message.replace(b"\r\n.", b"\r\n..")
                client.send((b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n")
                code, reply = client.getreply()
            return code, reply.decode()
        finally:
            client.close()

    def stop(self):
        try:
            return self.postern.stop()
        finally:
            self.sink.stop()
