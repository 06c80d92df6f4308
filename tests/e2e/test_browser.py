"""A reviewer in a real browser on a whole gateway: finds the malware, reads why, releases a false positive."""
import os
import subprocess

import end_to_end
import samples

MODULES = os.environ.get("POSTERN_BROWSER_MODULES", os.path.join(end_to_end.BIN, "..", "tests", "web-browser"))


class Review(end_to_end.EndToEnd):
    def test_the_malware_explains_itself_and_a_false_positive_is_released(self):
        messages = {name: message for name, _, message, _ in samples.samples() if name in ("eicar-zip-eml", "encrypted-zip")}
        for message in messages.values():
            self.assertEqual(self.site.send(message)[0], 250)
        user, password = self.site.postern.login.split()
        script = os.path.join(end_to_end.HERE, "review.mjs")
        output = os.path.join(MODULES, "review")
        ended = subprocess.run(["node", script, f"https://127.0.0.1:{self.site.ports['web']}/", user, password, MODULES, output], timeout=200, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(ended.returncode, 0, ended.stdout)
        self.assertTrue(self.delivered("<encrypted-zip@", 20).endswith(messages["encrypted-zip"]))
        self.assertIsNone(self.site.sink.find("<eicar-zip-eml@"))


if __name__ == "__main__":
    end_to_end.main()
