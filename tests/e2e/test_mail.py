"""Clean mail arrives byte for byte below our fields; EICAR is held in whatever it is wrapped."""
import base64
import bz2
import io
import os
import random
import subprocess
import tarfile
import tempfile

import end_to_end
import samples

EICAR = samples.EICAR


def tar_gz(name, content):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def seven_zip(name, content):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/{name}", "wb") as file:
            file.write(content)
        subprocess.run(["7z", "a", "-bd", f"{folder}/out.7z", f"{folder}/{name}"], check=True, stdout=subprocess.DEVNULL)
        with open(f"{folder}/out.7z", "rb") as file:
            return file.read()


def part(name, encoding, body):
    return (samples.head("Wrapped", name, 'multipart/mixed; boundary="b"') + b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: application/octet-stream; name=a.bin\r\n"
            + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body + b"\r\n--b--\r\n")


def junk_base64(content):
    """Base64 as the lenient read it: stray characters, odd line lengths, no final padding."""
    text = base64.b64encode(content).rstrip(b"=").decode()
    noise = random.Random(3)
    return "".join(c + ("\r\n" if i % 23 == 22 else "") + (noise.choice("!*~ \t") if i % 5 == 0 else "") for i, c in enumerate(text)).encode()


def quoted_printable(content):
    return b"".join(b"=%02X" % byte + (b"=\r\n" if i % 20 == 19 else b"") for i, byte in enumerate(content))


def uuencoded(content):
    import binascii
    lines = [binascii.b2a_uu(content[i:i + 45]).rstrip(b"\n") for i in range(0, len(content), 45)]
    return b"begin 644 a.com\r\n" + b"\r\n".join(lines) + b"\r\n`\r\nend"


def wrapped(name):
    """EICAR in a message, by the name of the wrapping."""
    zipped = samples.zip_of(("eicar.com", EICAR))
    files = {
        "attachment": ("eicar.com", EICAR), "zip": ("a.zip", zipped), "tar.gz": ("a.tgz", tar_gz("eicar.com", EICAR)),
        "7z": ("a.7z", seven_zip("eicar.com", EICAR)), "zip-in-zip": ("b.zip", samples.zip_of(("a.zip", zipped))), "bz2": ("eicar.bz2", bz2.compress(EICAR)),
        "zip-behind-picture": ("a.gif", b"GIF89a" + bytes(200) + zipped), "zip-misnamed": ("report.pdf", zipped), "eml-in-zip": ("m.zip", samples.zip_of(("m.eml", part("inner", b"8bit", EICAR)))),
    }
    if name in files:
        filename, content = files[name]
        return samples.with_attachment("Wrapped", name, filename, content, "application/octet-stream")
    if name == "zip-in-eml":
        return samples.forwarded("Wrapped", name, samples.with_attachment("Inner", "inner", "a.zip", zipped, "application/zip"))
    encodings = {"base64-junk": (b"base64", junk_base64(EICAR)), "quoted-printable": (b"quoted-printable", quoted_printable(EICAR)), "uuencode": (b"x-uuencode", uuencoded(EICAR)),
                 "odd-case-encoding": (b"BaSe64 ", base64.b64encode(EICAR)), "plain-body": (b"7bit", EICAR)}
    return part(name, *encodings[name])


WRAPPINGS = ["attachment", "zip", "tar.gz", "7z", "zip-in-zip", "bz2", "zip-behind-picture", "zip-misnamed", "eml-in-zip", "zip-in-eml", "base64-junk", "quoted-printable", "uuencode",
             "odd-case-encoding", "plain-body"]


class CleanMail(end_to_end.EndToEnd):
    def assert_identical(self, name, message):
        code, reply = self.site.send(message)
        self.assertEqual(code, 250, reply)
        arrived = self.delivered(f"<{name}@")
        self.assertTrue(arrived.endswith(message), f"{name}: changed on the way")
        fields = arrived[:len(arrived) - len(message)]
        self.assertIn(b"Received: ", fields)
        self.assertIn(b"X-Postern-Verdict: ", fields)
        self.assertTrue(all(line[:1] in b" \t" or b":" in line for line in fields.rstrip(b"\r\n").split(b"\r\n")), fields)

    def test_every_byte_but_nul_cr_and_lf(self):
        every = bytes(b for b in range(1, 256) if b not in (10, 13))
        self.assert_identical("bytes", samples.head("Bytes", "bytes", "application/octet-stream") + every + b"\r\n")

    def test_dots_at_line_starts(self):
        self.assert_identical("dots", samples.head("Dots", "dots") + b".\r\n..\r\n...\r\n.a\r\n\r\n.\r\n")

    def test_long_lines(self):
        self.assert_identical("long", samples.head("Long", "long") + b"x" * 70000 + b"\r\n" + b"y" * 5000 + b"\r\n")

    def test_no_body_at_all(self):
        self.assert_identical("bodyless", samples.head("No body", "bodyless"))

    def test_a_megabyte_of_attachment(self):
        self.assert_identical("large", samples.with_attachment("Large", "large", "noise.bin", random.Random(5).randbytes(3 << 20), "application/octet-stream"))

    def test_all_clean_samples(self):
        for name, _, message, fate in samples.samples():
            if fate == "delivered":
                with self.subTest(name):
                    self.assert_identical(name, message)

    def test_nul_is_refused_and_nothing_arrives(self):
        code, reply = self.site.send(samples.head("Nul", "nul") + b"a\0b\r\n")
        self.assertEqual((code, reply[:5]), (550, "5.6.0"), reply)
        self.assertIsNone(self.site.sink.find("<nul@"))

    def test_mail_for_others_is_not_relayed(self):
        code, reply = self.site.send(samples.head("Relay", "relay") + b"x\r\n", recipients=["x@elsewhere.example"])
        self.assertEqual((code, reply[:5]), (550, "5.7.1"), reply)


class Eicar(end_to_end.EndToEnd):
    def test_is_held_in_every_wrapping(self):
        for name in WRAPPINGS:
            with self.subTest(name):
                code, reply = self.site.send(wrapped(name))
                self.assertEqual(code, 250, reply)
                record = self.record_of(f"<{name}@")
                self.assertIsNotNone(record, "not in the quarantine")
                self.assertEqual((record["class"], record["reasons"][0]), ("malware", "AV_MATCH"))
                self.assertIsNone(self.site.sink.find(f"<{name}@"), "was delivered")

    def test_the_held_message_is_kept_byte_for_byte(self):
        message = wrapped("zip").replace(b"<zip@", b"<kept@")
        self.site.send(message)
        identifier = self.record_of("<kept@")["id"]
        path = os.path.join(self.folder, "kept.eml")
        self.assertEqual(self.site.postern.run("quarantine", "export", identifier, "--raw", "--output", path).returncode, 0)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), message)
        for folder, _, files in os.walk(os.path.join(self.folder, "state")):
            for name in files:
                if not os.path.isfile(os.path.join(folder, name)):
                    continue
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertNotIn(message[-200:-20], file.read(), f"{name} holds the message in the clear")


if __name__ == "__main__":
    end_to_end.main()
