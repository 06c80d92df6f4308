"""Lists in a whole gateway: by DNS, as files, and as feeds that a real postern-lookup fetches from servers of every kind."""
import os
import signal
import sys
import tempfile
import time

import end_to_end
from outside import Outside, mail, process_of

sys.path.insert(0, os.path.join(end_to_end.HERE, "..", "support", "http"))
import hostile_http  # noqa: E402

HELD = """
[[policy.rule]]
name = "held"
recipients = ["held@dest.example"]
tag = -1000
quarantine = -1000
"""
# Each answers once with a good list of good0.example to good99.example, and then as its name says.
BROKEN = ("slow", "dead", "endless", "endless-header", "html", "page", "truncated", "truncated-chunk", "no-length", "bomb", "unmarked-bomb", "garbage", "empty", "error", "redirect-loop")


class Listed(Outside):
    """Our own machine sends: nothing but links is looked up."""

    KEYS = {"smtp": ""}

    def findings_about(self, mark, *links):
        """The findings of lists about a message with these links."""
        body = "".join(f"See {link} now.\r\n" for link in links)
        said = self.attempt("127.0.0.1", "alice@sender.example", "held@dest.example", mail(mark, "alice@sender.example", body))
        self.assertRegex(said, r"^250 ")
        return [each for each in self.findings_of(f"{mark}@sender.example") if each["code"].startswith("LIST_")]

    def until_listed(self, mark, link, patience=40):
        """Sends until the link is listed: a list takes a moment to come into force."""
        number = 0

        def listed():
            nonlocal number
            number += 1
            return [each for each in self.findings_about(f"{mark}{number}", link) if each["code"] in ("LIST_LINK", "LIST_URL")]
        return self.wait(listed, patience, f"{link} is not listed")


class ByDns(Listed):
    ZONE = """
    spam.example.ex.example    A 127.0.1.2
    both.example.ex.example    A 127.0.1.2 127.0.1.5
    other.example.ex.example   A 127.0.1.99
    bits.example.ma.example    A 127.0.0.72
    none.example.ma.example    A 127.0.0.4
    spam.example.no.example    A 127.255.255.254
    spam.example.out.example   A 192.0.2.1
    test.te.example            A 127.0.0.2
    bad.example.te.example     A 127.0.0.2
    test.silent.example        drop
    invalid.silent.example     drop
    """
    EVERYTHING = "*.te.example A 127.0.0.2\n"
    MORE = HELD + """
[dns]
servers = ["DNS_SERVER"]
[lists]
test_interval = "1s"
[[lists.dns]]
name = "exact"
zone = "ex.example"
kind = "domain"
codes = ["127.0.1.2 = 3 spam", "127.0.1.4-6 = 6 phishing"]
test_points = false
[[lists.dns]]
name = "mask"
zone = "ma.example"
kind = "domain"
codes = ["&8 = 4 phishing", "&64 = 2 abused"]
test_points = false
[[lists.dns]]
name = "refuses"
zone = "no.example"
kind = "domain"
test_points = false
[[lists.dns]]
name = "elsewhere"
zone = "out.example"
kind = "domain"
test_points = false
[[lists.dns]]
name = "tested"
zone = "te.example"
kind = "domain"
[[lists.dns]]
name = "silent"
zone = "silent.example"
kind = "domain"
"""

    def test_codes_by_value_and_by_bits(self):
        links = [f"http://{name}.example/a" for name in ("spam", "both", "other", "bits", "none")]
        found = self.findings_about("codes", *links)
        said = {(each["detail"].split(":")[0], link): each for each in found if each["code"] == "LIST_LINK" for link in links if link in each["detail"]}
        self.assertEqual(set(said), {("exact", links[0]), ("exact", links[1]), ("mask", links[3])})
        self.assertIn("phishing", said["exact", links[1]]["detail"])
        self.assertIn("127.0.0.72", said["mask", links[3]]["detail"])
        # One list, one voice: the heaviest listing counts.
        self.assertEqual(sorted(each["score"] for each in said.values()), [0, 4, 6])
        self.assertEqual({each["object"] for each in said.values()}, {1})  # the text, not the whole message
        # Answers that mean "refused", or nothing at all, are no listings and no silence.
        unknown = {each["detail"].split(":")[0] for each in found if each["code"] == "LIST_UNKNOWN"}
        self.assertTrue({"refuses", "elsewhere", "silent"} <= unknown, unknown)

    def test_a_list_that_is_not_tested_yet_or_silent_says_so(self):
        found = [each["detail"] for each in self.findings_about("silent", "http://some.example/") if each["code"] == "LIST_UNKNOWN"]
        self.assertTrue(any(each.startswith("silent: ") and ("not tested yet" in each or "suspended" in each) for each in found), found)
        self.logged("list", list="silent", detail="suspended")

    def test_a_list_that_lists_everything_is_suspended_until_it_is_well(self):
        link = "http://bad.example/"
        self.until_listed("well", link)
        self.dns.change(self.ZONE + self.EVERYTHING)
        self.logged("list", list="tested", detail="suspended")
        found = self.findings_about("suspended", link)
        self.assertFalse([each for each in found if each["code"] == "LIST_LINK"], found)
        self.assertTrue([each for each in found if each["detail"].startswith("tested: ") and "suspended" in each["detail"]], found)
        self.assertEqual(self.figures()['postern_list_suspended{list="tested"}'], 1)
        self.dns.change(self.ZONE)
        self.logged("list", list="tested", detail="passes its tests again")
        self.until_listed("again", link)


class Feeds(Listed):
    @classmethod
    def setUpClass(cls):
        cls.http = hostile_http.Server()
        cls.http.__enter__()
        cls.addClassCleanup(lambda: cls.http.__exit__())
        feeds = {name: {"url": cls.http.url(f"{name}/x")} for name in BROKEN}
        feeds["same"] = {"url": cls.http.url("same/x")}
        feeds["aging"] = {"url": cls.http.url("error/aging"), "max_age": "3s"}
        feeds["counter"] = {"url": cls.http.url("always/counter/x"), "timeout": "20s", "max_size": "8MiB"}
        feeds["hosts"] = {"url": cls.http.url("always/hosts/x"), "format": "hosts"}
        feeds["csv"] = {"url": cls.http.url("always/csv/x"), "format": "csv", "kind": "url", "column": 3, "score": 8.0}
        cls.MORE = HELD + f'[dns]\nservers = ["DNS_SERVER"]\n[lists]\nreload_interval = "100ms"\n[[lists.file]]\nname = "own"\npath = "{cls.own_list()}"\n'
        for name, keys in feeds.items():
            keys = {"name": name, "refresh": "1s", "timeout": "2s", "max_size": "1MiB", "allow_private": True, **keys}
            cls.MORE += "[[lists.feed]]\n" + "".join(f"{key} = {str(value).lower() if isinstance(value, bool) else value if isinstance(value, float | int) else repr(value)}\n" for key, value in keys.items())
        super().setUpClass()

    @classmethod
    def own_list(cls):
        handle, cls.path = tempfile.mkstemp(suffix=".list")
        os.close(handle)
        os.chmod(cls.path, 0o644)
        cls.addClassCleanup(os.unlink, cls.path)
        return cls.path

    def entries(self, name):
        return self.figures().get(f'postern_list_entries{{list="{name}"}}', 0)

    def listing(self, mark, link):
        """Names of the feeds that list the link."""
        return {each["detail"].split(":")[0] for each in self.findings_about(mark, link) if each["code"] in ("LIST_LINK", "LIST_URL")}

    def test_a_list_file_is_read_again_when_it_changes(self):
        with open(f"{self.path}.new", "w") as file:
            file.write("# ours\nmine.example\n")
        os.chmod(f"{self.path}.new", 0o644)
        os.rename(f"{self.path}.new", self.path)
        found = self.until_listed("own", "http://www.mine.example/")
        self.assertEqual([(each["detail"].split(":")[0], each["object"]) for each in found], [("own", 1)])
        with open(f"{self.path}.new", "w") as file:
            file.write("yours.example\nthis is no domain\n")
        os.chmod(f"{self.path}.new", 0o644)
        os.rename(f"{self.path}.new", self.path)
        self.logged("list", list="own", detail=":2: ")
        self.assertEqual(self.listing("own-broken-1", "http://www.mine.example/"), {"own"})
        self.assertEqual(self.listing("own-broken-2", "http://yours.example/"), set())

    def test_syntaxes(self):
        found = self.until_listed("hosts", "http://in-hosts.example/")
        self.assertIn("hosts: http://in-hosts.example/", found[0]["detail"])
        found = self.until_listed("csv", "http://in-csv.example/bad.exe?a=1")
        self.assertEqual((found[0]["code"], found[0]["score"]), ("LIST_URL", 8))
        self.assertIn("http://in-csv.example/bad.exe?a=1", found[0]["detail"])
        self.assertEqual(self.listing("csv-other", "http://in-csv.example/good"), set())

    def test_broken_servers_leave_the_last_good_copy_in_force(self):
        for name in BROKEN:
            self.logged("feed_failed", patience=60, feed=name)
        self.wait(lambda: len(self.http.asked("same/x")) >= 3, 30, "the unchanged feed is asked for again")
        self.assertIn("If-None-Match", self.http.asked("same/x")[-1])
        good = set(BROKEN) | {"same", "aging"}
        self.assertEqual(self.listing("good", "http://good7.example/"), good)
        self.assertEqual({name: self.entries(name) for name in good}, {name: 100 for name in good})
        for name in ("half", "bomb", "endless", "a", "big"):
            self.assertEqual(self.listing(f"not-{name}", f"http://{name}.example/"), set())
        self.check_restart(good)

    def check_restart(self, good):
        """Not one server can be reached after the restart."""
        self.site.postern.stop()
        for name in good:
            self.http.seen.add(f"/{name}/x")  # a first answer would be good
        self.site.postern.start()
        self.wait(lambda: self.listing(f"restarted-{time.monotonic_ns()}", "http://good7.example/") == good, 30, "the copies are not in force")

    def test_a_feed_that_gets_old_is_an_alarm_and_unknown(self):
        self.logged("list", list="aging", detail="is too old")
        self.assertEqual(self.listing("old-listed", "http://good7.example/") & {"aging"}, {"aging"})
        silent = [each["detail"] for each in self.findings_about("old-silent", "http://nowhere.example/") if each["code"] == "LIST_UNKNOWN"]
        self.assertTrue(any(each.startswith("aging: ") and "too old" in each for each in silent), silent)
        self.assertGreaterEqual(self.figures()['postern_list_age_seconds{list="aging"}'], 3)

    def test_the_fetching_process_is_killed_again_and_again(self):
        for _ in range(4):
            pid = self.wait(lambda: process_of(self.site, "lookup"), 30, "postern-lookup is not running")
            count = self.http.count
            self.wait(lambda: self.http.count > count, 30, "the changing feed is not fetched")
            os.kill(pid, signal.SIGKILL)
            self.wait(lambda: process_of(self.site, "lookup") not in (None, pid), 30, "postern-lookup was not started again")
            self.assertIn(self.entries("counter"), (0, hostile_http.Server.entries))
        self.wait(lambda: self.entries("counter") == hostile_http.Server.entries, 30, "the changing feed is not in force")
        # A whole list is in force: its first and its last entry are both found.
        last = hostile_http.Server.entries - 1

        def whole():
            newest = self.http.count
            links = [f"http://n{number}-{i}.example/" for number in range(max(1, newest - 3), newest + 1) for i in (0, last)]
            details = " ".join(each["detail"] for each in self.findings_about(f"whole-{time.monotonic_ns()}", *links) if each["code"] == "LIST_LINK")
            return any(f"//n{number}-0.example" in details and f"//n{number}-{last}.example" in details for number in range(newest - 3, newest + 1))
        self.wait(whole, 30, "no whole list is in force")


if __name__ == "__main__":
    end_to_end.main()
