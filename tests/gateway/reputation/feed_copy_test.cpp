#include "gateway/reputation/lists/feed_copy.hpp"

#include <gtest/gtest.h>

namespace postern::reputation {
namespace {

FeedHead head(EntryKind kind) {
    return {kind, "https://feed.example/list", "\"abc\"", "Tue, 24 Nov 2026 10:00:00 GMT"};
}

std::string sample() {
    ListSet set;
    for (const char* each : {"b.example", "a.example"}) {
        EXPECT_TRUE(set.add(EntryKind::Domain, each));
    }
    set.finish();
    return write_feed_copy(head(EntryKind::Domain), set);
}

TEST(FeedCopy, ReadsBackWhatWasWritten) {
    EXPECT_EQ(sample(),
              "# postern-feed 1\n# kind: domain\n# source: https://feed.example/list\n"
              "# etag: \"abc\"\n# modified: Tue, 24 Nov 2026 10:00:00 GMT\n"
              "a.example\nb.example\n# end 2\n");
    const auto copy = read_feed_copy(sample());
    ASSERT_TRUE(copy) << copy.error();
    EXPECT_EQ(copy->head, head(EntryKind::Domain));
    EXPECT_EQ(copy->set.size(), 2U);
    EXPECT_TRUE(copy->set.has_domain("a.example"));
}

TEST(FeedCopy, AnEmptyListIsACopyToo) {
    ListSet set;
    set.finish();
    const auto copy = read_feed_copy(write_feed_copy(head(EntryKind::Url), set));
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->set.size(), 0U);
}

TEST(FeedCopy, NoPartOfACopyIsACopy) {
    const std::string whole = sample();
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        EXPECT_FALSE(read_feed_copy(whole.substr(0, cut))) << cut;
        EXPECT_FALSE(read_feed_head(whole.substr(0, cut))) << cut;
    }
}

TEST(FeedCopy, ALineThatIsMissingOrBadIsNoticed) {
    std::string missing = sample();
    missing.erase(missing.find("a.example\n"), 10);
    EXPECT_FALSE(read_feed_copy(missing));
    std::string bad = sample();
    bad.replace(bad.find("a.example"), 9, "<a> bad!>");
    EXPECT_FALSE(read_feed_copy(bad));
}

TEST(FeedCopy, HeaderFieldsOfTheServerCannotAddLines) {
    ListSet set;
    set.finish();
    FeedHead evil = head(EntryKind::Domain);
    evil.etag = "x\nevil.example";
    const auto copy = read_feed_copy(write_feed_copy(evil, set));
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->head.etag, "xevil.example");
    EXPECT_EQ(copy->set.size(), 0U);
}

}  // namespace
}  // namespace postern::reputation
