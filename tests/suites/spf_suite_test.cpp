/// @file The SPF test suite of openspf.org (RFC 7208 edition) as pyspf keeps it: each case is
/// check_host() against the zone of its document.
///
/// Suite: spf-openspf (github.com/sdgathman/pyspf, test/rfc7208-tests.yml).

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analyzers/base/ascii.hpp"
#include "gateway/auth/spf/check.hpp"
#include "tests/support/case_files.hpp"

namespace postern::auth::spf {
namespace {

using dns::RecordType;
using postern::testing_support::suite_folder;

constexpr std::size_t kCases = 203;
constexpr int kMostAliases = 10;

/// The zone of one document. A name with SPF records only has them as TXT too; "TIMEOUT" makes
/// every type late that the name does not list.
class Zone final : public dns::Resolver {
public:
    explicit Zone(const YAML::Node& data) {
        for (const auto& name : data) add(ascii_lower(name.first.as<std::string>()), name.second);
    }

    void ask(const dns::Question& question, dns::TimePoint /*deadline*/, Done done) override {
        done(answer(question.name, question.type, kMostAliases));
    }

private:
    struct Name {
        std::map<std::string, std::vector<YAML::Node>> records;
        bool late = false;
    };

    void add(const std::string& name, const YAML::Node& entries) {
        Name made;
        bool own_txt = false;
        for (const YAML::Node& entry : entries) {
            if (entry.IsScalar()) {
                made.late = true;
                continue;
            }
            for (const auto& record : entry) {
                const auto type = record.first.as<std::string>();
                own_txt = own_txt || type == "TXT";
                const bool none = record.second.IsScalar() && record.second.Scalar() == "NONE";
                if (!none) made.records[type].push_back(record.second);
            }
        }
        if (!own_txt && made.records.contains("SPF")) made.records["TXT"] = made.records["SPF"];
        names_.emplace(name.ends_with('.') ? name.substr(0, name.size() - 1) : name, made);
    }

    dns::Answer answer(const std::string& asked, RecordType type, int aliases) const {
        dns::Answer made;
        made.status = dns::Status::NoName;
        const auto found = names_.find(ascii_lower(asked));
        if (found == names_.end() || aliases == 0) return made;
        const Name& name = found->second;
        if (const auto alias = name.records.find("CNAME"); alias != name.records.end()) {
            return answer(alias->second.front().as<std::string>(), type, aliases - 1);
        }
        const auto records = name.records.find(std::string(dns::name(type)));
        if (records == name.records.end()) {
            made.status = name.late ? dns::Status::Late : dns::Status::NoData;
            made.detail = "TIMEOUT";
            return made;
        }
        for (const YAML::Node& record : records->second) {
            if (record.IsScalar() && record.Scalar() == "TIMEOUT") {
                made.status = dns::Status::Late;
                return made;
            }
            fill(made, record, type);
        }
        made.status = dns::Status::Found;
        return made;
    }

    static void fill(dns::Answer& made, const YAML::Node& record, RecordType type) {
        const auto plain = [](std::string name) {
            if (name.ends_with('.')) name.pop_back();
            return ascii_lower(name);
        };
        if (type == RecordType::Mx) {
            made.exchanges.push_back(
                {record[0].as<std::uint16_t>(), plain(record[1].as<std::string>())});
        } else if (type == RecordType::Txt) {
            std::string text = record.IsScalar() ? record.Scalar() : "";
            for (const YAML::Node& part : record) text += part.Scalar();
            made.texts.push_back(text);
        } else if (type == RecordType::Ptr) {
            made.names.push_back(plain(record.as<std::string>()));
        } else {
            made.addresses.push_back(mail::IpAddress::parse(record.as<std::string>()).value());
        }
    }

    std::map<std::string, Name> names_;
};

Spf evaluated(const YAML::Node& test, Zone& zone) {
    dns::Inquiry inquiry(zone, {.lookups = 200});
    Request request{mail::IpAddress::parse(test["host"].as<std::string>()).value(),
                    test["helo"].as<std::string>(), test["mailfrom"].as<std::string>()};
    request.explain = true;
    return check_mail_from(request, inquiry);
}

std::vector<std::string> allowed(const YAML::Node& node) {
    if (node.IsScalar()) return {node.Scalar()};
    return node.as<std::vector<std::string>>();
}

/// How many cases of the file gave another answer than the suite's, each said.
struct Tally {
    std::size_t cases = 0;
    std::size_t misses = 0;
};
Tally run_suite(const std::filesystem::path& file) {
    Tally tally;
    for (const YAML::Node& document : YAML::LoadAllFromFile(file.string())) {
        Zone zone(document["zonedata"]);
        for (const auto& test : document["tests"]) {
            const Spf spf = evaluated(test.second, zone);
            const auto results = allowed(test.second["result"]);
            bool right =
                std::find(results.begin(), results.end(), word(spf.result)) != results.end();
            if (const YAML::Node explanation = test.second["explanation"]) {
                right = right && spf.explanation.value_or("DEFAULT") == explanation.Scalar();
            }
            ++tally.cases;
            if (right) continue;
            ++tally.misses;
            ADD_FAILURE() << test.first.Scalar() << ": " << word(spf.result) << ", "
                          << spf.explanation.value_or("DEFAULT") << " (" << spf.detail
                          << "); expected " << results.front();
        }
    }
    return tally;
}

TEST(SpfSuite, EveryCaseOfTheRfc7208EditionHasItsResultAndExplanation) {
    const auto folder = suite_folder("spf-openspf");
    if (folder.empty()) GTEST_SKIP() << "set POSTERN_SUITES; suite: github.com/sdgathman/pyspf";
    const Tally tally = run_suite(folder / "rfc7208-tests.yml");
    EXPECT_EQ(tally.misses, 0U);
    EXPECT_GE(tally.cases, kCases);
}

}  // namespace
}  // namespace postern::auth::spf
