"""Held mail goes out on a reviewer's word: after a second look, through the durable queue, with retries."""
import os
import time

import end_to_end
import postern_site
import samples


class Release(end_to_end.EndToEnd):
    def hold(self, name, more=b""):
        message = samples.with_attachment("Salary list", name, "list.zip", samples.encrypted_zip("list.txt", b"figures" + more, "secret"), "application/zip")
        self.assertEqual(self.site.send(message)[0], 250)
        record = self.record_of(f"<{name}@")
        self.assertIsNotNone(record)
        return record["id"], message

    def state_of(self, identifier):
        return self.site.postern.ask("quarantine", "show", identifier)[0]["status"]

    def test_a_released_message_arrives_byte_for_byte(self):
        identifier, message = self.hold("released")
        self.assertEqual(self.site.postern.run("quarantine", "release", identifier).returncode, 0)
        self.assertTrue(self.delivered("<released@").endswith(message))
        self.assertTrue(postern_site.wait_for(lambda: self.state_of(identifier) == "released", 10))

    def test_a_second_release_sends_nothing_twice(self):
        identifier, _ = self.hold("once")
        self.site.postern.run("quarantine", "release", identifier)
        self.delivered("<once@")
        self.assertTrue(postern_site.wait_for(lambda: self.state_of(identifier) == "released", 10))
        self.site.postern.run("quarantine", "release", identifier)
        time.sleep(2)
        self.assertEqual(sum(b"<once@" in text for text in self.site.sink.messages()), 1)

    def test_a_deleted_message_is_gone(self):
        identifier, _ = self.hold("deleted")
        self.assertEqual(self.site.postern.run("quarantine", "delete", identifier).returncode, 0)
        self.assertEqual(self.site.postern.run("quarantine", "export", identifier, "--output", f"{self.folder}/x.zip").returncode, 1)
        self.assertEqual(self.site.postern.run("quarantine", "release", identifier).returncode, 1)

    def test_a_next_hop_that_is_down_is_tried_again(self):
        identifier, message = self.hold("later")
        self.site.sink.stop()
        try:
            self.site.postern.run("quarantine", "release", identifier)
            owed = postern_site.wait_for(lambda: [d for d in self.site.postern.ask("queue", "list") if d["id"] == identifier and d["attempts"] >= 1], 15)
            self.assertTrue(owed, "no attempt was made")
        finally:
            type(self).site.sink = postern_site.Sink(self.site.binaries, self.folder, self.site.ports["sink"])
        self.assertEqual(self.site.postern.run("queue", "flush").returncode, 0)
        self.assertTrue(self.delivered("<later@", 15).endswith(message))

    def test_what_a_new_signature_finds_needs_a_second_word(self):
        identifier, message = self.hold("rescan", b"-rescan-marker-4711")
        database = os.path.join(self.site.signatures, "more.ndb")
        with open(database, "w") as file:
            file.write("Test.Rescan:0:*:" + message[-400:-380].hex() + "\n")
        try:
            reloaded = self.site.postern.run("signatures", "reload")
            self.assertEqual(reloaded.returncode, 0, reloaded.stderr)
            self.site.postern.run("quarantine", "release", identifier)
            waits = postern_site.wait_for(lambda: self.site.postern.ask("quarantine", "show", identifier)[0]["recipients"][0]["state"] == "needs-confirmation", 15)
            self.assertTrue(waits, self.site.postern.ask("quarantine", "show", identifier)[0]["recipients"])
            self.assertIsNone(self.site.sink.find("<rescan@"))
            self.assertEqual(self.site.postern.run("quarantine", "release", identifier, "--confirm").returncode, 0)
            self.delivered("<rescan@", 15)
        finally:
            os.remove(database)


if __name__ == "__main__":
    end_to_end.main()
