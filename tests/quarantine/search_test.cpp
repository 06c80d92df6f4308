#include "quarantine/index/search.hpp"

#include <set>

#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

class SearchTest : public StoreFixture, public ::testing::WithParamInterface<bool> {
protected:
    void SetUp() override {
        StoreOptions with = options();
        with.full_text = GetParam();  // both ways of searching must agree
        store = Store::open(location_in(folder), key_of(7), with).value();
        add("Your invoice 2024", "billing@shop.example", {"anna@example.org"},
            VerdictClass::Malware, 100);
        add("Re: Meeting in Zürich", "carl@partner.example", {"ben@example.org"},
            VerdictClass::Spam, 200);
        add("100% off_now", "x@spam.example", {"anna@example.org", "dora@example.net"},
            VerdictClass::Spam, 300);
    }
    void add(const std::string& subject, const std::string& sender,
             const std::vector<std::string>& recipients, VerdictClass verdict, UnixMs received) {
        Record record = sample(subject, received);
        record.summary.reverse_path = sender;
        record.summary.from = {sender};
        record.summary.recipients.clear();
        for (const std::string& path : recipients) record.summary.recipients.push_back({path});
        record.summary.verdict = verdict;
        put(record, subject);
    }
    std::string found(const Query& query) {
        const auto page = store->list(query);
        if (!page) return std::string(name(page.error().kind));
        std::string times;
        for (const Summary& summary : page->records) {
            times += (times.empty() ? "" : " ") + std::to_string(summary.received);
        }
        EXPECT_EQ(page->total, page->records.size());
        return times;
    }
};

TEST_P(SearchTest, FindsByEachField) {
    const struct {
        const char* title;
        Query query;
        const char* received;
    } cases[] = {
        {"everything, newest first", {}, "300 200 100"},
        {"word of a subject", {.text = "invoice"}, "100"},
        {"beginning of a word", {.text = "inv"}, "100"},
        {"another letter case", {.text = "INVOICE"}, "100"},
        {"all words must be there", {.text = "invoice meeting"}, ""},
        {"words in different fields", {.text = "invoice anna"}, "100"},
        {"address", {.text = "carl@partner.example"}, "200"},
        {"recipient's domain", {.text = "example.net"}, "300"},
        {"nothing but blanks", {.text = " \t "}, "300 200 100"},
        {"what SQL or FTS would read", {.text = "\" OR 1=1 --"}, ""},
        {"an FTS operator is a word", {.text = "invoice NOT meeting"}, ""},
        {"a column filter is a word", {.text = "subject:invoice"}, ""},
        {"a percent sign is no wildcard", {.sender = "%"}, ""},
        {"an underscore neither", {.sender = "spam_example"}, ""},
        {"class", {.verdict = VerdictClass::Spam}, "300 200"},
        {"status", {.status = Status::Held}, "300 200 100"},
        {"no such status", {.status = Status::Released}, ""},
        {"part of the sender", {.sender = "PARTNER"}, "200"},
        {"part of a recipient", {.recipient = "anna@"}, "300 100"},
        {"from inclusive", {.received_from = 200}, "300 200"},
        {"until exclusive", {.received_until = 200}, "100"},
        {"all together",
         {.text = "off", .verdict = VerdictClass::Spam, .sender = "spam", .recipient = "dora"},
         "300"},
        {"page of none", {.page_size = 0}, "invalid"},
        {"page at the limit", {.page_size = 500}, "300 200 100"},
        {"page above", {.page_size = 501}, "invalid"},
        {"no cursor", {.cursor = "x"}, "invalid"},
        {"half a cursor", {.cursor = "12."}, "invalid"},
        {"a cursor and more", {.cursor = "12.3 OR 1"}, "invalid"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(found(c.query), c.received);
    }
}

TEST_P(SearchTest, PagesHoldEachRecordOnceEvenWhenMoreArrives) {
    for (int i = 0; i < 20; ++i) put(sample("same time", 500), "m");
    Query query{.page_size = 6};
    std::set<std::string> seen;
    std::size_t count = 0;
    do {
        const Page page = store->list(query).value();
        for (const Summary& summary : page.records) {
            ++count;
            seen.insert(summary.id.text());
        }
        put(sample("newer", 600), "m");
        query.cursor = page.next;
    } while (!query.cursor.empty());
    EXPECT_EQ(count, 23U);
    EXPECT_EQ(seen.size(), 23U);
}

INSTANTIATE_TEST_SUITE_P(WordIndexAndScan, SearchTest, ::testing::Bool());

TEST(MatchExpression, QuotesEveryWord) {
    const struct {
        const char* text;
        const char* expression;
    } cases[] = {
        {"", ""},
        {"a", "\"a\"*"},
        {" a  b ", "\"a\"* AND \"b\"*"},
        {"a\"b", "\"a\"\"b\"*"},
        {"NEAR(a b)", "\"NEAR(a\"* AND \"b)\"*"},
    };
    for (const auto& c : cases) EXPECT_EQ(match_expression(c.text), c.expression);
    EXPECT_EQ(match_expression("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"),
              match_expression("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"));
}

}  // namespace
}  // namespace postern::quarantine
