/// @file Published DMARC cases: records, alignment, the Author Domain, policies, and messages made
/// to deceive.
///
/// Suites: dmarc-opendmarc (tables of OpenDMARC 1.4.2, libopendmarc/tests), dmarc-mail-auth (after
/// github.com/stalwartlabs/mail-auth, src/dmarc/verify.rs), spoof-espoofer
/// (github.com/chenjj/espoofer).

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/auth/dmarc/author.hpp"
#include "gateway/auth/dmarc/evaluate.hpp"
#include "gateway/auth/dmarc/record.hpp"
#include "gateway/auth/dmarc/tree_walk.hpp"
#include "gateway/auth/spf/check.hpp"
#include "tests/support/case_files.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::auth::dmarc {
namespace {

using nlohmann::json;
using testing_support::suite_folder;

// Where the suites ask for something else than RFC 9989 does: the case, and the clause.
const std::map<std::string, std::string> kDeviations = {
    {"v=DMARC1; p=n;",
     "4.8: dmarc-request is a whole word, so this p= is invalid and, without rua=, DMARC is not "
     "applied (4.10.1)"},
    {"v=DMARC1; p=none; adkim=bob;", "4.7: errors behind v= fall back to the tag's default"},
    {"v=DMARC1; p=none; aspf=bob;", "4.7: errors behind v= fall back to the tag's default"},
    {"v=DMARC1; p=none; rf=bob;", "4.7: rf= is no longer a tag; unknown tags are ignored"},
    {"v=DMARC1; p=none; ri=bob;", "4.7: ri= is no longer a tag; unknown tags are ignored"},
    {"v=DMARC1; p=none; pct=500;", "4.7: pct= is no longer a tag; unknown tags are ignored"},
    {"v=DMARC1; p=none; rf=000000000000000000000000000000000",
     "4.7: rf= is no longer a tag; unknown tags are ignored"},
    {".mac.com.",
     "RFC 5321 4.1.2: a domain does not begin with a dot; such a name is no identifier"},
    {"....mac.com....", "RFC 5321 4.1.2: a domain has no empty labels"},
    {"<<<><joe@joe.com>>>", "4.4: no alignment for a malformed From field"},
    {"Joe Johnson <joe@joe.com>, ace@ace.com", "5.3.1: more than one domain: no processing"},
    {"joe@joe.com, ace@ace.com", "5.3.1: more than one domain: no processing"},
};

std::vector<json> lines_of(const std::filesystem::path& file) {
    std::vector<json> lines;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
    return lines;
}

/// "ok" when the record leads to DMARC being applied.
std::string parse_outcome(const json& row) {
    const auto record = parse_record(row["record"].get<std::string>());
    return record && record->applies ? "ok" : "error";
}

/// An Author Domain of `a`, an identifier of `b`, and a record at the shorter of the two: what the
/// tree walk needs where OpenDMARC has a list of public suffixes.
bool alignment_outcome(const json& row) {
    const auto a = row["a"].get<std::string>();
    const auto b = row["b"].get<std::string>();
    const bool strict = row["mode"] == "strict";
    tests::FakeResolver resolver;
    const std::string& top = a.size() < b.size() ? a : b;
    const std::size_t dot = top.rfind('.', top.rfind('.') - 1);
    const std::string organization = dot == std::string::npos ? top : top.substr(dot + 1);
    for (const std::string& at : {organization, a}) {
        resolver.txt("_dmarc." + at, {strict ? "v=DMARC1;p=none;aspf=s" : "v=DMARC1;p=none"});
    }
    dns::Inquiry inquiry(resolver, {});
    Spf spf;
    spf.result = SpfResult::Pass;
    spf.domain = b;
    const auto author = author_domain_of("x@" + a);
    return evaluate(author, &spf, {}, inquiry).result.spf_aligned;
}

TEST(DmarcSuite, OpenDmarcTables) {
    const auto folder = suite_folder("dmarc-opendmarc");
    if (folder.empty()) GTEST_SKIP() << "set POSTERN_SUITES; suite: OpenDMARC 1.4.2";
    std::size_t deviations = 0;
    for (const json& row : lines_of(folder / "cases.jsonl")) {
        const std::string kind = row["kind"];
        std::string title;
        bool right = false;
        if (kind == "parse") {
            title = row["record"];
            right = parse_outcome(row) == row["expect"];
        } else if (kind == "alignment") {
            title = row["a"];
            right = alignment_outcome(row) == row["expect"].get<bool>();
        } else {
            title = row["raw"];
            const auto author = author_domain_of(title);
            right = author && *author == row["expect"].get<std::string>();
        }
        const bool known = kDeviations.contains(title);
        EXPECT_EQ(right, !known) << kind << ": " << title;
        deviations += known ? 1U : 0U;
    }
    EXPECT_EQ(deviations, kDeviations.size());
}

void fill(tests::FakeResolver& resolver, const json& zone) {
    for (const auto& [name, records] : zone.items()) {
        if (records.contains("TXT")) {
            resolver.txt(name, records["TXT"].get<std::vector<std::string>>());
        }
        if (records.contains("A")) resolver.a(name, records["A"].get<std::vector<std::string>>());
    }
}

Evaluation evaluated(const json& row, dns::Inquiry& inquiry) {
    Spf spf;
    spf.result = row["spf"]["result"] == "pass" ? SpfResult::Pass : SpfResult::Fail;
    spf.domain = row["spf"]["domain"];
    std::vector<Dkim> signatures;
    for (const json& each : row["dkim"]) {
        Dkim dkim;
        dkim.result = each["result"] == "pass" ? DkimResult::Pass : DkimResult::Fail;
        dkim.domain = each["domain"];
        signatures.push_back(dkim);
    }
    const auto author = author_domain_of(row["header_from"].get<std::string>());
    return evaluate(author, &spf, signatures, inquiry);
}

TEST(DmarcSuite, MailAuthCases) {
    const auto folder = suite_folder("dmarc-mail-auth");
    if (folder.empty()) GTEST_SKIP() << "set POSTERN_SUITES; suite: stalwartlabs/mail-auth";
    for (const json& row : lines_of(folder / "cases.jsonl")) {
        SCOPED_TRACE(row["id"].get<std::string>());
        tests::FakeResolver resolver;
        fill(resolver, row["dns"]);
        dns::Inquiry inquiry(resolver, {});
        const Dmarc result = evaluated(row, inquiry).result;
        const json& expect = row["expect"];
        if (!expect["spf_aligned"].is_null()) {
            EXPECT_EQ(result.spf_aligned, expect["spf_aligned"]);
        }
        if (!expect["dkim_aligned"].is_null()) {
            EXPECT_EQ(result.dkim_aligned, expect["dkim_aligned"]);
        }
        if (!expect["result"].is_null()) {
            EXPECT_EQ(word(result.result), expect["result"]);
        }
        EXPECT_EQ(result.policy ? word(*result.policy) : "absent", expect["policy"]);
        EXPECT_LE(inquiry.asked(), kWalkQueries + 10);
    }
}

/// Names that are not in the zone are answered from its wildcards.
class SpoofZone final : public dns::Resolver {
public:
    explicit SpoofZone(const json& zone) : zone_(zone) {}
    void ask(const dns::Question& question, dns::TimePoint /*deadline*/, Done done) override {
        dns::Answer answer;
        answer.status = dns::Status::NoName;
        const std::string name =
            zone_.contains(question.name) ? question.name : wild(question.name);
        if (zone_.contains(name)) {
            answer.status = dns::Status::NoData;
            if (question.type == dns::RecordType::Txt && zone_[name].contains("TXT")) {
                answer.status = dns::Status::Found;
                answer.texts = zone_[name]["TXT"].get<std::vector<std::string>>();
            }
        }
        done(std::move(answer));
    }

private:
    static std::string wild(const std::string& name) {
        return "*" + name.substr(std::min(name.find('.'), name.size()));
    }
    json zone_;
};

TEST(DmarcSuite, NoEspooferMessageIsAPassForTheVictim) {
    const auto folder = suite_folder("spoof-espoofer");
    if (folder.empty()) GTEST_SKIP() << "set POSTERN_SUITES; suite: chenjj/espoofer";
    const json zone = json::parse(testing_support::read_file(folder / "zones.json"));
    SpoofZone resolver(zone);
    std::size_t cases = 0;
    for (const json& row : lines_of(folder / "cases.jsonl")) {
        SCOPED_TRACE(row["id"].get<std::string>());
        const std::string message =
            testing_support::read_file(folder / row["file"].get<std::string>());
        std::string from = row["mailfrom"];
        from = from.substr(1, from.size() - 2);
        dns::Inquiry inquiry(resolver, {});
        const Spf spf = spf::check_mail_from(
            {mail::IpAddress::parse(zone["client"].get<std::string>()).value(), row["helo"], from},
            inquiry);
        const mail::HeaderBlock header(message);
        const Dmarc result = evaluate(author_domain(header), &spf, {}, inquiry).result;
        EXPECT_NE(result.result, DmarcResult::Pass) << result.domain;
        // Every message shows the victim's name somewhere: it is refused by policy or as doubtful.
        EXPECT_TRUE(
            result.result == DmarcResult::PermError ||
            (result.result == DmarcResult::Fail && result.disposition == DmarcPolicy::Reject) ||
            row["id"] == "espoofer/client_a2")
            << word(result.result) << " " << result.domain;
        ++cases;
    }
    EXPECT_GE(cases, 11U);
}

}  // namespace
}  // namespace postern::auth::dmarc
