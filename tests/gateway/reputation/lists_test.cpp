#include "gateway/reputation/lists.hpp"

#include <gtest/gtest.h>

#include "gateway/reputation/findings.hpp"
#include "tests/gateway/reputation/temporary_folder.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::reputation {
namespace {

class ListsTest : public testing::Test {
protected:
    ListsTest() {
        settings::DnsList surbl;
        surbl.name = "surbl";
        surbl.zone = "multi.example";
        surbl.kind = settings::DnsListKind::Domain;
        surbl.subjects = {ListSubject::Link, ListSubject::Sender};
        surbl.codes = {settings::parse_list_code("&8 = 4 phishing").value()};
        surbl.ip_links = true;
        settings_.dns = {surbl};
        resolver_.a("test.multi.example", {"127.0.0.254"});
        settings_.feed_folder = folder_.path("");
        settings_.test_interval = std::chrono::hours(1);
    }
    void start() {
        lists_.emplace(settings_, resolver_,
                       [this](const Alarm& alarm) { alarms_.push_back(alarm); });
        lists_->tick();
    }
    ContentAnswer content() {
        dns::Inquiry inquiry(resolver_, {});
        return lists_->content(report_, inquiry);
    }
    void link(const std::string& text, const std::string& host, std::uint32_t object) {
        report_.urls.push_back({.url = text,
                                .normalized = text,
                                .host = host,
                                .object = object,
                                .where = "text",
                                .flags = {}});
    }
    settings::ListFile file(const std::string& name, EntryKind kind, const std::string& text) {
        folder_.put(name, text);
        settings::ListFile made;
        made.name = name;
        made.path = folder_.path(name);
        made.format.kind = kind;
        return made;
    }

    tests::TemporaryFolder folder_;
    tests::FakeResolver resolver_;
    settings::Lists settings_;
    std::optional<Lists> lists_;
    std::vector<Alarm> alarms_;
    analyzers::Report report_;
};

TEST_F(ListsTest, AListedLinkIsAFindingWithListUrlAndObject) {
    start();
    resolver_.a("evil.co.uk.multi.example", {"127.0.0.8"});
    link("http://www.evil.co.uk/login", "www.evil.co.uk", 2);
    link("http://good.example/", "good.example", 1);
    const auto findings = content_findings(content());
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].code, "LIST_LINK");
    EXPECT_EQ(findings[0].source, analyzers::Source::List);
    EXPECT_EQ(findings[0].object, 2U);
    EXPECT_EQ(findings[0].score, 4);
    EXPECT_EQ(findings[0].detail, "surbl: http://www.evil.co.uk/login (127.0.0.8), phishing");
}

TEST_F(ListsTest, AddressesOfLinksAreAskedForReversed) {
    start();
    resolver_.a("9.2.0.192.multi.example", {"127.0.0.8"});
    link("http://192.0.2.9/x", "192.0.2.9", 0);
    EXPECT_EQ(content().listings.size(), 1U);
}

TEST_F(ListsTest, ADeadListIsUnknownAndNeverGood) {
    start();
    resolver_.fails("evil.example.multi.example", dns::RecordType::A);
    resolver_.fails("bad.example.multi.example", dns::RecordType::A);
    link("http://evil.example/", "evil.example", 0);
    link("http://bad.example/", "bad.example", 0);
    const auto findings = content_findings(content());
    ASSERT_EQ(findings.size(), 1U) << "once for each list";
    EXPECT_EQ(findings[0].code, "LIST_UNKNOWN");
    EXPECT_EQ(findings[0].score, 0);
}

TEST_F(ListsTest, FilesHoldDomainsUrlsAndDigests) {
    settings_.files = {file("domains", EntryKind::Domain, "evil.example\n"),
                       file("urls", EntryKind::Url, "http://shared.example/bad?x=1\n"),
                       file("digests", EntryKind::Digest, std::string(64, 'c') + "\n")};
    start();
    link("http://a.evil.example/", "a.evil.example", 1);
    link("https://shared.example/bad?x=1", "shared.example", 2);
    link("https://shared.example/good", "shared.example", 2);
    report_.objects.resize(5);
    report_.objects[4].sha256 = std::string(64, 'c');
    const auto findings = content_findings(content());
    std::map<std::string, std::uint32_t> objects;
    for (const auto& each : findings) objects[each.code] = each.object.value_or(99);
    EXPECT_EQ(objects, (std::map<std::string, std::uint32_t>{
                           {"LIST_LINK", 1}, {"LIST_URL", 2}, {"LIST_DIGEST", 4}}));
    EXPECT_EQ(findings.size(), 3U);
}

TEST_F(ListsTest, EachListGivesItsPointsOnce) {
    start();
    for (const char* host : {"a1.example", "b1.example", "c1.example"}) {
        resolver_.a(std::string(host) + ".multi.example", {"127.0.0.8"});
        link(std::string("http://") + host + "/", host, 0);
    }
    const auto findings = content_findings(content());
    ASSERT_EQ(findings.size(), 3U);
    double sum = 0;
    for (const auto& each : findings) sum += each.score;
    EXPECT_EQ(sum, 4);
}

TEST_F(ListsTest, MoreDomainsThanAllowedAreSkippedAndSaid) {
    settings_.max_domains = 2;
    start();
    for (const char* host : {"a1.example", "b1.example", "c1.example"}) {
        link(std::string("http://") + host + "/", host, 0);
    }
    const auto findings = content_findings(content());
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].code, "LIST_SKIPPED");
    EXPECT_EQ(findings[0].detail, "1 domains: c1.example");
}

TEST_F(ListsTest, SenderDomainsAreAskedForWhereTheListSaysSo) {
    start();
    resolver_.a("evil.example.multi.example", {"127.0.0.8"});
    dns::Inquiry inquiry(resolver_, {});
    EXPECT_EQ(lists_->domain(ListSubject::Sender, "mail.evil.example", inquiry).listings.size(),
              1U);
    EXPECT_TRUE(lists_->domain(ListSubject::Helo, "mail.evil.example", inquiry).listings.empty());
    EXPECT_TRUE(lists_->domain(ListSubject::Sender, "not a name", inquiry).listings.empty());
}

TEST_F(ListsTest, TheOperatorsWordIsHeardAllowFirst) {
    settings_.allow = {"192.0.2.7", "partner.example"};
    settings_.deny = {"192.0.2.0/24", "spam.example", "eve@partner.example", "zone"};
    folder_.put("more", "198.51.100.0/24\nnews@b.example\n");
    settings_.deny_files = {folder_.path("more")};
    start();
    const auto client = [&](const char* text) {
        return lists_->client_standing(mail::IpAddress::parse(text).value()).standing;
    };
    const auto sender = [&](const char* text) {
        return lists_->sender_standing(mail::Mailbox::parse(text).value()).standing;
    };
    EXPECT_EQ(client("192.0.2.7"), Standing::Allowed);
    EXPECT_EQ(client("192.0.2.8"), Standing::Denied);
    EXPECT_EQ(client("198.51.100.1"), Standing::Denied);
    EXPECT_EQ(client("203.0.113.1"), Standing::None);
    EXPECT_EQ(sender("a@sub.spam.example"), Standing::Denied);
    EXPECT_EQ(sender("a@any.zone"), Standing::Denied) << "a whole top level";
    EXPECT_EQ(sender("eve@partner.example"), Standing::Allowed);
    EXPECT_EQ(sender("NEWS@b.example"), Standing::Denied);
    EXPECT_EQ(sender("other@b.example"), Standing::None);
}

TEST_F(ListsTest, AnEntryThatLetsInCountsUntilItsLastDayIsOver) {
    settings_.allow = {"192.0.2.0/24 until 2020-02-29", "192.0.2.7 until 9000-01-31"};
    start();
    const auto word = [&](const char* text) {
        return lists_->client_standing(mail::IpAddress::parse(text).value());
    };
    EXPECT_EQ(word("192.0.2.7").standing, Standing::Allowed) << "by the narrower one";
    EXPECT_EQ(word("192.0.2.8").standing, Standing::None);
    EXPECT_EQ(word("192.0.2.8").expired, "192.0.2.0/24");
    EXPECT_EQ(word("198.51.100.1").expired, "");
}

TEST_F(ListsTest, ADenyFileThatCannotBeReadIsUnknownAndAnAlarm) {
    settings_.deny_files = {folder_.path("none")};
    start();
    const LocalWord word = lists_->client_standing(mail::IpAddress::parse("192.0.2.1").value());
    EXPECT_EQ(word.standing, Standing::None);
    EXPECT_EQ(word.unknowns.size(), 1U);
    EXPECT_EQ(alarms_.size(), 1U);
}

TEST_F(ListsTest, ItsThreadNoticesChanges) {
    settings_.reload_interval = std::chrono::milliseconds(10);
    settings_.deny_files = {folder_.path("deny")};
    folder_.put("deny", "192.0.2.1\n");
    lists_.emplace(settings_, resolver_, nullptr);
    lists_->start();
    const auto standing = [&] {
        return lists_->client_standing(mail::IpAddress::parse("192.0.2.2").value()).standing;
    };
    EXPECT_EQ(standing(), Standing::None);
    folder_.put("deny", "192.0.2.2\n");
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (standing() != Standing::Denied && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(standing(), Standing::Denied);
    lists_->stop();
}

}  // namespace
}  // namespace postern::reputation
