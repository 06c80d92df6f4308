"""The front in a whole gateway: chunks, PROXY, XCLIENT, implicit TLS, several certificates and their renewal."""
import os
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile

import end_to_end
import postern_site
import samples

CERTIFICATES = tempfile.mkdtemp(prefix="postern-certificates-")
os.chmod(CERTIFICATES, 0o755)
PROXY, XCLIENT = "127.0.0.9", "127.0.0.10"


def make_certificate(name, file):
    """A self-signed certificate for `name` in FILE.pem and FILE.key, put there in one step each."""
    base = f"{CERTIFICATES}/{file}"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", f"{base}.key.new", "-out", f"{base}.pem.new"], check=True, stderr=subprocess.DEVNULL)
    os.rename(f"{base}.key.new", f"{base}.key")
    os.rename(f"{base}.pem.new", f"{base}.pem")


def trusting():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Front(end_to_end.EndToEnd):
    MORE = f"""
[smtp.tls]
certificate = "{CERTIFICATES}/one.pem"
key = "{CERTIFICATES}/one.key"
[[smtp.tls.certificates]]
certificate = "{CERTIFICATES}/two.pem"
key = "{CERTIFICATES}/two.key"
[smtp.proxy]
from = ["{PROXY}"]
[smtp.xclient]
from = ["{XCLIENT}"]
"""

    @classmethod
    def setUpClass(cls):
        make_certificate("one.test", "one"), make_certificate("two.test", "two")
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(CERTIFICATES, ignore_errors=True)

    def connect(self, source="127.0.0.1", before=b""):
        """An SMTP client from `source`, which says `before` first."""
        client = smtplib.SMTP(timeout=30)
        raw = socket.create_connection(("127.0.0.1", self.site.ports["smtp"]), 30, (source, 0))
        raw.sendall(before)
        client.sock, client.file, client._host = raw, None, "one.test"
        self.assertEqual(client.getreply()[0], 220)
        self.addCleanup(client.close)
        return client

    def shown(self, server_name):
        """The name in the certificate that is shown to who comes for `server_name`."""
        client = self.connect()
        client.ehlo("c.example")
        client.docmd("STARTTLS")
        with trusting().wrap_socket(client.sock, server_hostname=server_name) as session:
            return ssl.DER_cert_to_PEM_cert(session.getpeercert(binary_form=True))

    def assert_known_as(self, client, address):
        """The log names the client by `address`; what becomes of its mail is not the question here."""
        self.assertEqual(client.ehlo("c.example")[0], 250)
        client.quit()
        self.assertTrue(postern_site.wait_for(lambda: any(line.get("client_ip") == address for line in self.site.postern.log()), 10))

    def deliver(self, client, identifier):
        client.ehlo("c.example")
        self.assertEqual(client.mail("a@sender.example")[0], 250)
        self.assertEqual(client.rcpt("bob@dest.example")[0], 250)
        self.assertEqual(client.data(samples.head("Front", identifier) + b"x\r\n")[0], 250)
        return self.delivered(f"<{identifier}@")

    def test_a_message_in_chunks_arrives_as_it_came(self):
        client = self.connect()
        self.assertIn("chunking", client.ehlo("c.example")[1].decode().lower())
        client.mail("a@sender.example"), client.rcpt("bob@dest.example")
        head, body = samples.head("Chunks", "chunks"), b".\r\n..\r\nMAIL FROM:<forged@dest.example>\r\nno end of line"
        client.send(b"BDAT %d\r\n%bBDAT %d LAST\r\n%b" % (len(head), head, len(body), body))
        self.assertEqual([client.getreply()[0] for _ in range(2)], [250, 250])
        self.assertIn(body + b"\r\n", self.delivered("<chunks@"))

    def test_proxy_header_names_the_client(self):
        client = self.connect(PROXY, b"PROXY TCP4 198.51.100.7 192.0.2.1 5555 25\r\n")
        self.assert_known_as(client, "198.51.100.7")
        with socket.create_connection(("127.0.0.1", self.site.ports["smtp"]), 30, (PROXY, 0)) as silent:
            silent.sendall(b"EHLO c.example\r\n")
            try:
                self.assertEqual(silent.recv(100), b"")
            except ConnectionResetError:
                pass

    def test_xclient_names_the_client(self):
        client = self.connect(XCLIENT)
        self.assertIn("xclient", client.ehlo("proxy.example")[1].decode().lower())
        self.assertEqual(client.docmd("XCLIENT", "ADDR=198.51.100.8 NAME=[UNAVAILABLE]")[0], 220)
        self.assert_known_as(client, "198.51.100.8")

    def test_certificates_by_name_and_renewed_without_dropping_a_session(self):
        first, second = self.shown("one.test"), self.shown("two.test")
        self.assertNotEqual(first, second)
        self.assertEqual(self.shown("elsewhere.test"), first)
        steady = self.connect()
        steady.starttls(context=trusting())
        make_certificate("two.test", "two")
        self.assertTrue(postern_site.wait_for(lambda: any(line["event"] == "certificates_loaded" for line in self.site.postern.log()), 20))
        self.assertNotEqual(self.shown("two.test"), second)
        self.assertEqual(self.shown("one.test"), first)
        self.deliver(steady, "steady")

    def test_implicit_tls_listener_comes_with_a_reload(self):
        port = postern_site.free_port()
        with open(self.site.config) as file:
            text = file.read()
        with open(self.site.config, "w") as file:
            file.write(text.replace("\nlisten = [", f'\nlisten_tls = ["127.0.0.1:{port}"]\nlisten = [', 1))
        os.kill(self.site.postern.process.pid, signal.SIGHUP)
        self.assertTrue(postern_site.wait_for(lambda: postern_site.connects(port), 20))
        with smtplib.SMTP_SSL("127.0.0.1", port, timeout=30, context=trusting()) as client:
            self.deliver(client, "implicit")


if __name__ == "__main__":
    end_to_end.main()
