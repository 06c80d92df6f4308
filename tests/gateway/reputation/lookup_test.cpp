#include <gtest/gtest.h>

#include "gateway/reputation/lookup/feed.hpp"
#include "gateway/reputation/lookup/public_address.hpp"
#include "gateway/reputation/lookup/settings.hpp"
#include "tests/gateway/reputation/temporary_folder.hpp"

namespace postern::reputation {
namespace {

TEST(PublicAddress, IsOnlyWhatTheInternetReaches) {
    const struct {
        const char* address;
        bool open;
    } cases[] = {
        {"8.8.8.8", true},
        {"0.0.0.0", false},
        {"0.255.255.255", false},
        {"1.0.0.0", true},
        {"9.255.255.255", true},
        {"10.0.0.0", false},
        {"11.0.0.0", true},
        {"100.63.255.255", true},
        {"100.64.0.0", false},
        {"100.127.255.255", false},
        {"100.128.0.0", true},
        {"127.0.0.1", false},
        {"169.254.169.254", false},
        {"172.15.255.255", true},
        {"172.16.0.0", false},
        {"172.31.255.255", false},
        {"172.32.0.0", true},
        {"192.168.0.1", false},
        {"192.0.0.8", false},
        {"192.0.2.1", false},
        {"198.18.0.1", false},
        {"198.20.0.0", true},
        {"198.51.100.1", false},
        {"203.0.113.1", false},
        {"224.0.0.1", false},
        {"239.255.255.255", false},
        {"240.0.0.1", false},
        {"255.255.255.255", false},
        {"::1", false},
        {"::", false},
        {"::ffff:10.0.0.1", false},
        {"::ffff:8.8.8.8", true},
        {"64:ff9b::a00:1", false},
        {"64:ff9b::808:808", true},
        {"64:ff9b:1::1", false},
        {"2002:a00:1::1", false},
        {"2002:808:808::1", true},
        {"2001::1", false},
        {"2001:1ff:ffff::1", false},
        {"2001:200::1", true},
        {"2001:db8::1", false},
        {"2606:4700::1", true},
        {"3fff::1", false},
        {"3ffe::1", true},
        {"fc00::1", false},
        {"fd00::1", false},
        {"fe80::1", false},
        {"ff02::1", false},
        {"100::1", false},
        {"4000::1", false},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(is_public(mail::IpAddress::parse(c.address).value()), c.open) << c.address;
    }
}

settings::ListFeed feed_of(std::uint32_t max_entries, double max_bad) {
    settings::ListFeed feed;
    feed.max_entries = max_entries;
    feed.max_bad = max_bad;
    return feed;
}

TEST(FeedText, IsAListOrNothing) {
    std::string hundred;
    for (int i = 0; i < 98; ++i) hundred += "a" + std::to_string(i) + ".example\n";
    const struct {
        const char* title;
        std::string body;
        settings::ListFeed feed;
        std::size_t entries;  ///< 0: refused
    } cases[] = {
        {"a list", "a.example\nb.example\n", feed_of(10, 0), 2},
        {"one bad line in a hundred", hundred + "?\n", feed_of(1000, 1), 98},
        {"two", hundred + "?\n?\n", feed_of(1000, 1), 0},
        {"none allowed", hundred + "?\n", feed_of(1000, 0), 0},
        {"as many entries as allowed", "a.example\nb.example\n", feed_of(2, 0), 2},
        {"one more", "a.example\nb.example\nc.example\n", feed_of(2, 0), 0},
        {"nothing", "", feed_of(10, 1), 0},
        {"only comments", "# a\n# b\n", feed_of(10, 1), 0},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const auto text = read_feed_text(c.body, c.feed);
        EXPECT_EQ(text ? text->set.size() : 0, c.entries);
        EXPECT_EQ(text.has_value(), c.entries > 0);
    }
}

TEST(FeedFolder, KeepsTheOldCopyWhenTheNewOneCannotBeWritten) {
    const tests::TemporaryFolder files;
    const FeedFolder folder(files.path(""));
    ListSet set;
    ASSERT_TRUE(set.add(EntryKind::Domain, "a.example"));
    set.finish();
    const FeedHead head{EntryKind::Domain, "https://x.example/", "tag", ""};
    EXPECT_FALSE(folder.head("a"));
    EXPECT_EQ(folder.checked("a"), 0);
    ASSERT_TRUE(folder.put("a", write_feed_copy(head, set)));
    EXPECT_EQ(folder.head("a"), head);
    EXPECT_GT(folder.checked("a"), 0);
    std::filesystem::create_directory(files.path("a.list.new"));
    EXPECT_FALSE(folder.put("a", "something else"));
    EXPECT_EQ(folder.head("a"), head);
}

TEST(LookupSettings, AreReadAsTheyWereWritten) {
    LookupSettings settings;
    settings.control_fd = 7;
    settings.folder = "/x";
    settings.authorities = "/y";
    settings.dns_servers = {"127.0.0.1:53"};
    LookupFeed feed;
    feed.feed.name = "f";
    feed.feed.url = "https://x.example/\"";
    feed.feed.format = {settings::ListSyntax::JsonLines, EntryKind::Digest, 3, ';', true, "a.b"};
    feed.feed.refresh = std::chrono::seconds(7);
    feed.feed.max_size = 12345;
    feed.feed.max_bad = 2.5;
    feed.feed.allow_private = true;
    feed.headers = {"Auth-Key: x"};
    settings.feeds = {feed};
    const std::string text = write_lookup_settings(settings);
    const auto read = read_lookup_settings(text);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(write_lookup_settings(*read), text);
    EXPECT_EQ(read->feeds[0].feed.format, feed.feed.format);
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
        EXPECT_FALSE(read_lookup_settings(text.substr(0, cut)));
    }
    std::string wrong = text;
    wrong.replace(wrong.find("\"kind\":5"), 8, "\"kind\":6");
    EXPECT_FALSE(read_lookup_settings(wrong));
}

TEST(HeaderLines, AreFieldsAndNothingElse) {
    const auto lines = read_header_lines("# keys\nAuth-Key: abc\r\n\nX: y\n");
    ASSERT_TRUE(lines);
    EXPECT_EQ(*lines, (std::vector<std::string>{"Auth-Key: abc", "X: y"}));
    for (const char* bad : {"no colon", ": x", "A B: x", "A:x", "A: \x01"}) {
        EXPECT_FALSE(read_header_lines(bad)) << bad;
    }
}

}  // namespace
}  // namespace postern::reputation
