#include "gateway/reputation/file_lists.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "gateway/reputation/lists/feed_copy.hpp"
#include "tests/gateway/reputation/temporary_folder.hpp"

namespace postern::reputation {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

class FileListsTest : public testing::Test {
protected:
    FileSource file(const std::string& name) {
        FileSource source;
        source.name = name;
        source.path = folder_.path(name);
        source.format.kind = EntryKind::Domain;
        source.value.subjects = {ListSubject::Link};
        return source;
    }
    FileSource feed(const std::string& name, EntryKind kind = EntryKind::Domain) {
        FileSource source = file(name);
        source.kind = SourceKind::Feed;
        source.path = feed_path(folder_.path(""), name);
        source.checked_path = feed_checked_path(folder_.path(""), name);
        source.format.kind = kind;
        source.max_age = 3600;
        return source;
    }
    FileLists make(const FileSource& source) {
        return {{source}, 1 << 20, [this](const Alarm& alarm) { alarms_.push_back(alarm); }};
    }
    void put_copy(const std::string& name, const std::string& entry, std::int64_t fetched,
                  EntryKind kind = EntryKind::Domain) {
        ListSet set;
        ASSERT_TRUE(set.add(kind, entry));
        set.finish();
        folder_.put(name + ".list", write_feed_copy({kind, "https://x.example/", "", ""}, set));
        touch(name + ".list", fetched);
    }
    void touch(const std::string& name, std::int64_t when) {
        const std::string path = folder_.path(name);
        if (::access(path.c_str(), F_OK) != 0) folder_.put(name, "");
        const timespec times[2] = {{when, 0}, {when, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    }
    static FileSubject link(const std::string& host, const std::string& registrable) {
        FileSubject subject;
        subject.use = ListSubject::Link;
        subject.shown = host;
        subject.host = host;
        subject.registrable = registrable;
        return subject;
    }
    static bool listed(const FileLists& lists, const std::string& host) {
        return !lists.look_up(link(host, host)).listings.empty();
    }

    tests::TemporaryFolder folder_;
    std::vector<Alarm> alarms_;
};

TEST_F(FileListsTest, AChangedFileIsInForceWhenItHasSettled) {
    folder_.put("list", "a.example\n");
    FileLists lists = make(file("list"));
    lists.poll(kNow);
    EXPECT_TRUE(listed(lists, "a.example"));
    folder_.put("list", "b.example\nc.example\n");
    lists.poll(kNow + 1);
    EXPECT_TRUE(listed(lists, "a.example")) << "it may still be written";
    lists.poll(kNow + 2);
    EXPECT_FALSE(listed(lists, "a.example"));
    EXPECT_TRUE(listed(lists, "b.example"));
    EXPECT_TRUE(alarms_.empty());
}

TEST_F(FileListsTest, AFileThatIsBeingWrittenIsNotRead) {
    folder_.put("list", "a.example\n");
    FileLists lists = make(file("list"));
    lists.poll(kNow);
    std::string text;
    for (int i = 0; i < 5; ++i) {
        text += "half" + std::to_string(i) + ".example\n";
        folder_.write_in_place("list", text);
        lists.poll(kNow + i);
        EXPECT_TRUE(listed(lists, "a.example")) << i;
        EXPECT_FALSE(listed(lists, "half0.example")) << i;
    }
    lists.poll(kNow + 9);
    EXPECT_TRUE(listed(lists, "half4.example"));
}

TEST_F(FileListsTest, ABadLineKeepsTheOldListAndSaysWhere) {
    folder_.put("list", "a.example\n");
    FileLists lists = make(file("list"));
    lists.poll(kNow);
    folder_.put("list", "b.example\nnot a domain\n");
    for (int i = 1; i < 4; ++i) lists.poll(kNow + i);
    EXPECT_TRUE(listed(lists, "a.example"));
    EXPECT_FALSE(listed(lists, "b.example"));
    ASSERT_EQ(alarms_.size(), 1U);
    EXPECT_EQ(alarms_[0].what, folder_.path("list") + ":2: is no entry of this kind of list");
    folder_.put("list", "b.example\n");
    for (int i = 4; i < 7; ++i) lists.poll(kNow + i);
    EXPECT_TRUE(listed(lists, "b.example"));
    ASSERT_EQ(alarms_.size(), 2U);
    EXPECT_TRUE(alarms_[1].over);
}

TEST_F(FileListsTest, AFileThatWentAwayIsAnAlarmAndStaysInForce) {
    folder_.put("list", "a.example\n");
    FileLists lists = make(file("list"));
    lists.poll(kNow);
    std::filesystem::remove(folder_.path("list"));
    lists.poll(kNow + 1);
    lists.poll(kNow + 2);
    EXPECT_TRUE(listed(lists, "a.example"));
    EXPECT_EQ(alarms_.size(), 1U);
}

TEST_F(FileListsTest, AFileThatWasNeverReadIsUnknown) {
    FileLists lists = make(file("none"));
    lists.poll(kNow);
    const ListAnswer answer = lists.look_up(link("a.example", "a.example"));
    EXPECT_TRUE(answer.listings.empty());
    ASSERT_EQ(answer.unknowns.size(), 1U);
    EXPECT_EQ(alarms_.size(), 1U);
    EXPECT_TRUE(lists.figures(kNow)[0].suspended);
}

TEST_F(FileListsTest, AFileBeyondTheSizeLimitIsNotRead) {
    FileSource source = file("list");
    folder_.put("list", "a.example\n");
    FileLists exact({source}, 10, {});
    exact.poll(kNow);
    EXPECT_TRUE(listed(exact, "a.example"));
    FileLists smaller({source}, 9, [this](const Alarm& alarm) { alarms_.push_back(alarm); });
    smaller.poll(kNow);
    EXPECT_FALSE(listed(smaller, "a.example"));
    EXPECT_EQ(alarms_.size(), 1U);
}

TEST_F(FileListsTest, AFifoDoesNotHoldUsUp) {
    ASSERT_EQ(::mkfifo(folder_.path("list").c_str(), 0600), 0);
    FileLists lists = make(file("list"));
    lists.poll(kNow);
    EXPECT_EQ(alarms_.size(), 1U);
}

TEST_F(FileListsTest, SubdomainsCountWhereTheListSaysSo) {
    folder_.put("list", "evil.example\nco.uk\n");
    FileSource source = file("list");
    FileLists with = make(source);
    with.poll(kNow);
    EXPECT_FALSE(with.look_up(link("www.evil.example", "evil.example")).listings.empty());
    EXPECT_TRUE(with.look_up(link("www.shop.co.uk", "shop.co.uk")).listings.empty());
    EXPECT_FALSE(with.look_up(link("co.uk", "")).listings.empty());
    source.value.subdomains = false;
    FileLists without = make(source);
    without.poll(kNow);
    EXPECT_TRUE(without.look_up(link("www.evil.example", "evil.example")).listings.empty());
    EXPECT_FALSE(without.look_up(link("evil.example", "evil.example")).listings.empty());
    EXPECT_TRUE(without.look_up({.use = ListSubject::Helo, .shown = "", .host = "evil.example"})
                    .listings.empty());
}

TEST_F(FileListsTest, AFeedIsReadAsSoonAsItIsThere) {
    FileLists lists = make(feed("feed"));
    lists.poll(kNow);
    EXPECT_EQ(lists.look_up(link("a.example", "a.example")).unknowns.size(), 1U);
    EXPECT_TRUE(alarms_.empty()) << "it has just begun";
    put_copy("feed", "a.example", kNow);
    lists.poll(kNow + 1);
    EXPECT_TRUE(listed(lists, "a.example"));
    EXPECT_TRUE(lists.look_up(link("b.example", "b.example")).unknowns.empty());
    put_copy("feed", "b.example", kNow + 1);
    lists.poll(kNow + 2);
    EXPECT_TRUE(listed(lists, "b.example"));
    EXPECT_EQ(lists.figures(kNow + 11)[0].age_seconds, 10);
}

TEST_F(FileListsTest, AFeedThatNeverCameIsAnAlarm) {
    FileLists lists = make(feed("feed"));
    lists.poll(kNow);
    lists.poll(kNow + FileLists::kFirstCopy - 1);
    EXPECT_TRUE(alarms_.empty());
    lists.poll(kNow + FileLists::kFirstCopy);
    lists.poll(kNow + FileLists::kFirstCopy + 1);
    EXPECT_EQ(alarms_.size(), 1U);
}

TEST_F(FileListsTest, AFeedTooOldStillListsButNoLongerClears) {
    put_copy("feed", "a.example", kNow);
    FileLists lists = make(feed("feed"));
    lists.poll(kNow + 3600);
    EXPECT_TRUE(alarms_.empty());
    EXPECT_TRUE(lists.look_up(link("b.example", "b.example")).unknowns.empty());
    lists.poll(kNow + 3601);
    lists.poll(kNow + 9999);
    ASSERT_EQ(alarms_.size(), 1U) << "told once";
    EXPECT_TRUE(listed(lists, "a.example"));
    EXPECT_EQ(lists.look_up(link("b.example", "b.example")).unknowns.size(), 1U);
    touch("feed.checked", kNow + 9990);
    lists.poll(kNow + 10000);
    ASSERT_EQ(alarms_.size(), 2U);
    EXPECT_TRUE(alarms_[1].over);
    EXPECT_TRUE(lists.look_up(link("b.example", "b.example")).unknowns.empty());
    EXPECT_EQ(lists.figures(kNow + 10000)[0].age_seconds, 10);
}

TEST_F(FileListsTest, HalfACopyOfAFeedIsNeverInForce) {
    put_copy("feed", "a.example", kNow);
    FileLists lists = make(feed("feed"));
    lists.poll(kNow);
    folder_.put(
        "feed.list",
        "# postern-feed 1\n# kind: domain\n# source: x\n# etag: \n# modified: \nb.example\n");
    for (int i = 1; i < 4; ++i) lists.poll(kNow + i);
    EXPECT_TRUE(listed(lists, "a.example"));
    EXPECT_FALSE(listed(lists, "b.example"));
    ASSERT_EQ(alarms_.size(), 1U);
    put_copy("feed", "192.0.2.1", kNow, EntryKind::Ip);
    lists.poll(kNow + 5);
    EXPECT_TRUE(listed(lists, "a.example")) << "a copy of another kind is none either";
}

TEST_F(FileListsTest, FindsDigestsAndAddresses) {
    const std::string digest(64, 'a');
    FileSource digests = file("digests");
    digests.format.kind = EntryKind::Digest;
    folder_.put("digests", digest + "\n");
    FileLists lists = make(digests);
    lists.poll(kNow);
    EXPECT_EQ(lists.look_up_digest(digest).listings.size(), 1U);
    EXPECT_TRUE(lists.look_up_digest(std::string(64, 'b')).listings.empty());
    EXPECT_TRUE(lists.look_up(link("a.example", "a.example")).unknowns.empty());
}

}  // namespace
}  // namespace postern::reputation
