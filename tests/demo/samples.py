"""Sample mails with the fate each must meet. Made here, byte by byte, so that nothing hostile is stored."""
import base64
import io
import random
import struct
import zipfile
import zlib

# In two halves: this file itself must not be held by anybody's scanner.
EICAR = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EI" + r"CAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").encode()


def zip_of(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def encrypted_zip(name, content, password):
    """One member in the old PKWARE encryption (APPNOTE 6.1), stored."""
    table = [0] * 256
    for i in range(256):
        value = i
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        table[i] = value

    def crc(value, byte):
        return (value >> 8) ^ table[(value ^ byte) & 0xFF]

    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte):
        keys[0] = crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[2], keys[1] >> 24)

    for byte in password.encode():
        update(byte)
    checksum = zlib.crc32(content)
    plain = bytes(11) + bytes([checksum >> 24]) + content
    cipher = bytearray()
    for byte in plain:
        temp = (keys[2] | 2) & 0xFFFF
        cipher.append(byte ^ (((temp * (temp ^ 1)) >> 8) & 0xFF))
        update(byte)
    encoded = name.encode()
    common = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 0x5C22, checksum, len(cipher), len(content), len(encoded), 0)
    local = b"PK\3\4" + common + encoded + bytes(cipher)
    central = b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + encoded
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def pdf(text):
    stream = f"BT /F1 18 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
               b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1, len(out))


def head(subject, name, content_type="text/plain; charset=utf-8", more=""):
    return (f"From: Alice Sender <alice@sender.example>\r\nTo: Bob <bob@dest.example>\r\nSubject: {subject}\r\n"
            f"Message-ID: <{name}@sender.example>\r\nDate: Fri, 02 Jan 2026 03:04:05 +0000\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: {content_type}\r\n{more}\r\n").encode()


def with_attachment(subject, name, filename, content, mime, text="See the attachment."):
    encoded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    return (head(subject, name, 'multipart/mixed; boundary="=_part"')
            + f"--=_part\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
            + f'--=_part\r\nContent-Type: {mime}; name="{filename}"\r\nContent-Disposition: attachment; filename="{filename}"\r\n'.encode()
            + b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded + b"--=_part--\r\n")


def forwarded(subject, name, inner):
    return (head(subject, name, 'multipart/mixed; boundary="=_outer"') + b"--=_outer\r\nContent-Type: text/plain\r\n\r\nPlease look at this.\r\n"
            + b"--=_outer\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--=_outer--\r\n")


def samples():
    """(name, what it is, message, fate): fate is `delivered` or `held`."""
    noise = random.Random(7)
    words = "the quick brown fox jumps over a lazy dog while mail gateways watch every byte".split()
    prose = "\r\n".join(" ".join(noise.choice(words) for _ in range(12)) for _ in range(40)) + "\r\n"
    html = ("<html><body><h1>Monthly report</h1><p>All figures are in <a href=\"https://reports.example/2026/01\">the report</a>.</p>" + "<p>" + prose + "</p></body></html>\r\n")
    eicar_eml = with_attachment("Scan result", "inner", "files.zip", zip_of(("eicar.com", EICAR)), "application/zip")
    zeros = bytes(64 << 20)
    bomb = zip_of(*[(f"layer{i}.zip", zip_of(("zeros.bin", zeros))) for i in range(12)])
    return [
        ("clean-text", "plain text", head("Lunch on Friday", "clean-text") + prose.encode() + b".leading dot\r\nGr\xc3\xbc\xc3\x9fe\r\n", "delivered"),
        ("clean-html", "HTML with a link", head("Monthly report", "clean-html", "text/html; charset=utf-8") + html.encode(), "delivered"),
        ("clean-pdf", "PDF attached", with_attachment("Invoice 4711", "clean-pdf", "invoice.pdf", pdf("Invoice 4711"), "application/pdf"), "delivered"),
        ("nested-zip", "text in zip in zip", with_attachment("Minutes", "nested-zip", "minutes.zip", zip_of(("inner.zip", zip_of(("minutes.txt", prose.encode())))), "application/zip"), "delivered"),
        ("eicar-zip-eml", "EICAR in zip in forwarded mail", forwarded("Fwd: Scan result", "eicar-zip-eml", eicar_eml), "held"),
        ("encrypted-zip", "encrypted zip", with_attachment("Salary list", "encrypted-zip", "list.zip", encrypted_zip("list.txt", prose.encode(), "secret"), "application/zip"), "held"),
        ("broken-mime", "multipart without an end", head("Half a message", "broken-mime", 'multipart/mixed; boundary="x"') + b"--x\r\nContent-Type: text/plain\r\n\r\nThis part never ends.\r\n", "delivered"),
        ("zip-bomb", "12 x 64 MiB of zeros in nested zips", with_attachment("Big data", "zip-bomb", "data.zip", bomb, "application/zip"), "held"),
    ]
