"""What the end-to-end tests share: a gateway in a temporary folder, kept for a whole test class."""
import os
import shutil
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "demo")]
import postern_site  # noqa: E402
from served_dns import FakeDns  # noqa: E402

BIN = os.environ.get("POSTERN_BIN", os.path.join(HERE, "..", "..", "build", "release", "bin"))


class EndToEnd(unittest.TestCase):
    """One site for all tests of the class. `MORE` goes behind its configuration. Where `ZONE` is set, a DNS server of the
    site's own knows it. In MORE, DNS_SERVER is its address, and SITE_FOLDER the folder of the site."""

    ZONE = None
    MORE = ""
    KEYS = {}
    SINK_OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="postern-e2e-")
        os.chmod(cls.folder, 0o755)
        cls.dns = None
        try:
            cls.dns = FakeDns(cls.ZONE) if cls.ZONE is not None else None
            more = cls.MORE.replace("DNS_SERVER", cls.dns.address if cls.dns else "").replace("SITE_FOLDER", cls.folder)
            cls.site = postern_site.Site(BIN, cls.folder, more=more, sink_options=cls.SINK_OPTIONS, keys=cls.KEYS)
        except BaseException:
            cls.leave()
            raise

    @classmethod
    def tearDownClass(cls):
        try:
            ended = cls.site.stop()
        finally:
            cls.leave()
        if ended != 0:
            raise AssertionError(f"postern serve ended with {ended}")

    @classmethod
    def leave(cls):
        if cls.dns:
            cls.dns.stop()
        if os.environ.get("POSTERN_KEEP"):
            print(f"kept: {cls.folder}", file=sys.stderr)
        else:
            shutil.rmtree(cls.folder, ignore_errors=True)

    def delivered(self, needle, patience=10):
        """The message at the next hop that holds `needle`, with our fields cut off."""
        text = postern_site.wait_for(lambda: self.site.sink.find(needle), patience)
        self.assertIsNotNone(text, f"{needle} did not arrive")
        return text

    def record_of(self, message_id):
        return next((record for record in self.site.postern.held() if message_id in record["message_id"]), None)


def main():
    unittest.main(verbosity=2, warnings="ignore")
