"""A DNS server of one's own: fake_dns.py with a zone that can be changed while it runs."""
import os
import signal
import subprocess
import sys
import tempfile

FAKE_DNS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dns", "fake_dns.py")


class FakeDns:
    """Authoritative for the whole tree; `zone` is in the grammar of dns/README.md."""

    def __init__(self, zone):
        self.folder = tempfile.TemporaryDirectory(prefix="postern-dns-")
        self.path, self.log = f"{self.folder.name}/zone", f"{self.folder.name}/log"
        self.write(zone)
        self.process = subprocess.Popen([sys.executable, FAKE_DNS, self.path, "--until-eof", "--log", self.log], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().split()[1]

    def write(self, zone):
        with open(self.path, "w") as file:
            file.write(zone)

    def change(self, zone):
        self.write(zone)
        self.process.send_signal(signal.SIGHUP)

    def questions(self):
        """How many it was asked so far."""
        if not os.path.exists(self.log):
            return 0
        with open(self.log) as log:
            return sum(1 for _ in log)

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)
        self.folder.cleanup()
