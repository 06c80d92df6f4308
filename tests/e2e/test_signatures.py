"""Signatures and rules come alive without a pause; bad ones are refused by name and change nothing."""
import json
import os
import threading

import end_to_end
import postern_site
import samples

RULE = """rule test_marker : test {{
    meta:
        description = "A marker of this test"
        class = "malware"
        severity = "critical"
        score = 15
    strings:
        $m = "{marker}"
    condition:
        $m
}}
"""


class Signatures(end_to_end.EndToEnd):
    @classmethod
    def setUpClass(cls):
        cls.MORE = ""
        super().setUpClass()
        cls.rules = os.path.join(cls.folder, "rules")
        os.makedirs(cls.rules)
        cls.site.configure(f'\n[yara]\nrules = ["default", "{cls.rules}"]\n[signatures]\nsettle = "200ms"\n')
        cls.site.postern.stop()
        cls.site.postern.start()

    def fate(self, name, text):
        code, reply = self.site.send(samples.head("Marker", name) + text.encode() + b"\r\n")
        self.assertEqual(code, 250, reply)
        return "held" if self.record_of(f"<{name}@") else "delivered"

    def write(self, name, text):
        path = os.path.join(self.rules, name)
        with open(path + ".new", "w") as file:
            file.write(text)
        os.rename(path + ".new", path)
        return path

    def test_a_new_rule_is_in_force_after_reload(self):
        self.assertEqual(self.fate("before", "marker-one"), "delivered")
        self.write("one.yar", RULE.format(marker="marker-one"))
        self.assertEqual(self.site.postern.run("signatures", "reload").returncode, 0)
        self.assertEqual(self.fate("after", "marker-one"), "held")

    def test_a_changed_file_is_noticed_without_being_told(self):
        self.write("two.yar", RULE.format(marker="marker-two").replace("test_marker", "test_two"))
        counter = iter(range(1000))
        self.assertTrue(postern_site.wait_for(lambda: self.fate(f"noticed-{next(counter)}", "marker-two") == "held", 30, 0.5))

    def test_a_bad_rule_is_refused_by_name_and_the_old_ones_stay(self):
        self.write("good.yar", RULE.format(marker="marker-good").replace("test_marker", "test_good"))
        self.assertEqual(self.site.postern.run("signatures", "reload").returncode, 0)
        bad = self.write("bad.yar", "rule broken {\n  condition:\n    nonsense and\n}\n")
        try:
            refused = self.site.postern.run("signatures", "reload")
            self.assertEqual(refused.returncode, 1)
            self.assertIn("bad.yar", refused.stderr + refused.stdout)
            self.assertEqual(self.fate("still", "marker-good"), "held")
        finally:
            os.remove(bad)

    def test_a_bad_database_is_refused_by_name_and_the_old_one_stays(self):
        bad = os.path.join(self.site.signatures, "bad.ndb")
        with open(bad, "w") as file:
            file.write("this is no signature\n")
        try:
            refused = self.site.postern.run("signatures", "reload")
            self.assertEqual(refused.returncode, 1)
            self.assertIn("bad.ndb", refused.stderr + refused.stdout)
            self.assertEqual(self.fate("eicar-still", samples.EICAR.decode()), "held")
        finally:
            os.remove(bad)

    def test_mail_flows_during_reloads(self):
        stop, codes = threading.Event(), []

        def flow():
            while not stop.is_set():
                codes.append(self.site.send(samples.head("Flow", f"flow-{len(codes)}") + b"x\r\n")[0])

        thread = threading.Thread(target=flow)
        thread.start()
        for _ in range(3):
            self.assertEqual(self.site.postern.run("signatures", "reload").returncode, 0)
        stop.set()
        thread.join()
        self.assertGreater(len(codes), 10)
        self.assertEqual(set(codes), {250})

    def test_status_names_engines_and_generation(self):
        status = self.site.postern.ask("signatures", "status")[0]
        self.assertGreaterEqual(status["generation"], 1)
        self.assertIn("clamav", json.dumps(status))
        self.assertIn("yara", json.dumps(status))


class NoSignatures(end_to_end.EndToEnd):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.remove(os.path.join(cls.site.signatures, "demo.ndb"))
        cls.site.postern.run("signatures", "reload")

    def test_mail_is_unscanned_never_clean(self):
        code, _ = self.site.send(samples.head("No signatures", "unsigned") + b"x\r\n")
        self.assertEqual(code, 250)
        self.assertEqual(self.record_of("<unsigned@")["class"], "unscanned")


if __name__ == "__main__":
    end_to_end.main()
