"""`postern serve` and its commands: start, stop, reload, bad configuration, scan."""
import os
import signal
import smtplib
import subprocess
import tempfile
import unittest
import urllib.request

import end_to_end
import postern_site
import samples


class Serve(end_to_end.EndToEnd):
    def analyzers(self):
        return sum(line["event"] == "analyzer_ready" for line in self.site.postern.log())

    def test_metrics_count_messages_by_their_documented_names(self):
        self.site.send(samples.head("Metrics", "metrics") + b"x\r\n")
        with urllib.request.urlopen(f"http://127.0.0.1:{self.site.ports['metrics']}/metrics") as answer:
            text = answer.read().decode()
        for name in ("postern_smtp_connections_total", "postern_smtp_connections_open", "postern_smtp_replies_total{", 'postern_messages_total{action="deliver",class="clean"}',
                     "postern_message_seconds_bucket", "postern_stage_seconds", "postern_jail_workers", 'postern_signature_age_seconds{engine="clamav"}', "postern_quarantine_messages", "postern_queue_messages"):
            self.assertIn(name, text)

    def test_each_message_has_one_log_line_with_its_id(self):
        code, reply = self.site.send(samples.head("Log", "log") + b"x\r\n")
        self.assertEqual(code, 250)
        identifier = reply.rsplit("(", 1)[1].rstrip(")")
        lines = postern_site.wait_for(lambda: [line for line in self.site.postern.log() if line.get("id") == identifier and line["event"] == "message"], 5)
        self.assertEqual(len(lines), 1)
        self.assertEqual((lines[0]["action"], lines[0]["class"], lines[0]["forward_paths"]), ("deliver", "clean", ["bob@dest.example"]))
        self.assertIn(identifier.encode(), self.delivered("<log@"))

    def test_a_session_in_data_survives_reload_with_new_settings(self):
        client = smtplib.SMTP("127.0.0.1", self.site.ports["smtp"], timeout=30)
        client.ehlo("c.example")
        client.mail("a@sender.example"), client.rcpt("bob@dest.example"), client.docmd("DATA")
        message = samples.head("Reload", "reload") + b"x\r\n"
        client.send(message[:50])
        analyzers = self.analyzers()
        self.site.configure('[policy]\ntag = 4.5\n')
        os.kill(self.site.postern.process.pid, signal.SIGHUP)
        self.assertTrue(postern_site.wait_for(lambda: any(line["event"] == "reloaded" for line in self.site.postern.log()), 20))
        # The session's own analyzer has gone by then: it needs the new one.
        self.assertTrue(postern_site.wait_for(lambda: self.analyzers() > analyzers, 60))
        self.assertEqual(self.site.send(samples.head("New", "after-reload") + b"x\r\n")[0], 250)
        client.send(message[50:] + b".\r\n")
        self.assertEqual(client.getreply()[0], 250)
        self.delivered("<reload@")

    def test_a_reload_with_a_bad_file_changes_nothing(self):
        with open(self.site.config) as file:
            good = file.read()
        with open(self.site.config, "a") as file:
            file.write("\n[smtp2]\nx = 1\n")
        os.kill(self.site.postern.process.pid, signal.SIGHUP)
        refused = postern_site.wait_for(lambda: [line for line in self.site.postern.log() if line["event"] == "reload_refused"], 10)
        with open(self.site.config, "w") as file:
            file.write(good)
        self.assertTrue(refused)
        self.assertIn("smtp2.x", refused[0]["error"])
        self.assertEqual(self.site.send(samples.head("Same", "same") + b"x\r\n")[0], 250)

    def test_two_supervisors_do_not_share_a_folder(self):
        second = self.site.postern.run("serve", timeout=30)
        self.assertEqual(second.returncode, 2)
        self.assertIn("another postern serve", second.stderr)


class Commands(unittest.TestCase):
    def postern(self, *words, config=None, stdin=None):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            path = f"{folder}/postern.toml"
            signatures = postern_site.own_signatures(f"{folder}/signatures")
            with open(path, "w") as file:
                file.write(config if config is not None else f'[clamav]\ndatabase = "{signatures}"\n[quarantine]\nurl = "sqlite://{folder}/state/q.db"\n')
            return subprocess.run([f"{end_to_end.BIN}/postern", "--config", path, *words], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)

    def test_bad_configuration_is_named_by_file_and_line_with_exit_78(self):
        for words in (("config", "check"), ("serve", "--check"), ("serve",), ("scan", "-")):
            result = self.postern(*words, config="[smtp]\nhostname = 5\n")
            self.assertEqual(result.returncode, 78, words)
            self.assertIn(b"postern.toml:2: smtp.hostname", result.stderr)

    def test_usage_errors_exit_2(self):
        for words in ((), ("nonsense",), ("scan",), ("scan", "--nonsense", "-"), ("quarantine",), ("quarantine", "show", "x"), ("user", "add"), ("scan", "/nonexistent")):
            self.assertEqual(self.postern(*words).returncode, 2, words)

    def test_scan_tells_clean_from_bad(self):
        import json
        clean = self.postern("--json", "scan", "-", stdin=samples.head("Clean", "clean") + b"x\r\n")
        self.assertEqual(clean.returncode, 0, clean.stderr)
        report = json.loads(clean.stdout)
        self.assertEqual((report["schema"], report["verdict"]["class"], report["analysis"]["complete"]), ("postern.scan/1", "clean", True))
        bad = self.postern("--json", "scan", "-", stdin=samples.head("Bad", "bad") + samples.EICAR + b"\r\n")
        self.assertEqual(bad.returncode, 1, bad.stderr)
        report = json.loads(bad.stdout)
        self.assertEqual((report["verdict"]["class"], report["verdict"]["action"], report["findings"][0]["code"]), ("malware", "quarantine", "AV_MATCH"))

    def test_scan_of_an_object_that_is_no_mail(self):
        import json
        result = self.postern("--json", "scan", "--object", "-", stdin=samples.zip_of(("eicar.com", samples.EICAR)))
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertEqual([o["relation"] for o in json.loads(result.stdout)["analysis"]["objects"]][:2], ["root", "extracted"])

    def test_the_envelope_of_a_scan_comes_from_options(self):
        import json
        result = self.postern("--json", "scan", "--ip", "192.0.2.1", "--helo", "h.example", "--from", "a@b.example", "--to", "c@d.example", "--to", "e@f.example", "--time", "1767323045", "-",
                              stdin=samples.head("Envelope", "envelope") + b"x\r\n")
        envelope = json.loads(result.stdout)["envelope"]
        self.assertEqual((envelope["client_ip"], envelope["helo"], envelope["reverse_path"], envelope["forward_paths"]), ("192.0.2.1", "h.example", "a@b.example", ["c@d.example", "e@f.example"]))

    @unittest.skipIf(os.environ.get("POSTERN_SANITIZE"), "sanitizers need calls that the jail's filter kills")
    def test_the_jail_stops_every_escape(self):
        result = self.postern("jail", "prove")
        self.assertEqual(result.returncode, 0, result.stdout.decode() + result.stderr.decode())
        self.assertGreater(result.stdout.count(b" ok"), 40)

    def test_our_rules_compile(self):
        self.assertEqual(self.postern("rules", "check").returncode, 0)
        self.assertGreater(self.postern("rules", "list").stdout.count(b"\n"), 11)


if __name__ == "__main__":
    end_to_end.main()
