/// @file Published SMTP sessions: malformed commands, STARTTLS injection, smuggling, played to a
/// session whole, byte by byte, and (where they are short) cut in two at every byte.
///
/// Suites: smtp-wire (after github.com/emersion/go-smtp), smtp-smuggling (sequences of
/// github.com/The-Login/SMTP-Smuggling-Tools and github.com/aio-libs/aiosmtpd).

#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>

#include "tests/gateway/smtp/conversation.hpp"
#include "tests/support/case_files.hpp"

namespace postern::smtp {
namespace {

using postern::testing_support::suite_folder;
using testing_support::Conversation;

// Cases that need what is not built, by id, with the reason. None at present.
const std::map<std::string, std::string> kKnownMisses = {};

/// The suite writes bytes as the characters U+0000 to U+00FF.
std::string bytes_of(const std::string& utf8) {
    std::string bytes;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto lead = static_cast<unsigned char>(utf8[i]);
        if (lead < 0x80 || i + 1 == utf8.size()) {
            bytes += utf8[i];
        } else {
            const auto trail = static_cast<unsigned char>(utf8[++i]);
            bytes += static_cast<char>(((lead & 0x03U) << 6U) | (trail & 0x3fU));
        }
    }
    return bytes;
}

/// "{REPEAT x 3}" is "xxx"; a quoted word has escapes of its own.
std::string expand(const std::string& text) {
    static const std::string kOpen = "{REPEAT ";
    const std::size_t at = text.find(kOpen);
    if (at == std::string::npos) return text;
    const std::size_t end = text.find('}', at);
    const std::size_t blank = text.rfind(' ', end);
    std::string word = text.substr(at + kOpen.size(), blank - at - kOpen.size());
    if (word.starts_with('"')) word = nlohmann::json::parse(word).get<std::string>();
    const std::size_t times = std::stoul(text.substr(blank + 1, end - blank - 1));
    std::string expanded = text.substr(0, at);
    for (std::size_t i = 0; i < times; ++i) expanded += word;
    return expanded + text.substr(end + 1);
}

void take_replies(const std::string& output, std::deque<std::string>& codes) {
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        if (line.size() > 3 && line[3] == ' ') codes.push_back(line.substr(0, 3));
    }
}

/// How the bytes of one send step are cut.
using Cut = std::function<std::vector<std::string>(const std::string& bytes)>;

std::vector<std::string> in_steps(const std::string& bytes, std::size_t step) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < bytes.size(); at += step)
        pieces.push_back(bytes.substr(at, step));
    return pieces;
}

/// Plays one case; the accepted messages are left in `conversation`. Returns what went wrong, or
/// "".
std::string play(const nlohmann::json& steps, const Cut& cut, Conversation& conversation) {
    std::deque<std::string> codes;
    for (const nlohmann::json& step : steps) {
        if (step.contains("send")) {
            for (const std::string& piece : cut(expand(bytes_of(step.at("send"))))) {
                take_replies(conversation.say(piece, piece.size()), codes);
            }
        } else if (step.contains("tls")) {
            if (conversation.session.state() == State::Handshaking) {
                conversation.session.tls_established();
            }
        } else if (step.contains("expect")) {
            take_replies(conversation.say("", 1), codes);
            const std::string want = step.at("expect");
            std::string got = "nothing";
            if (!codes.empty()) {
                got = codes.front();
                codes.pop_front();
            } else if (conversation.session.state() == State::Closed) {
                got = "closed";
            }
            if (!std::regex_match(got, std::regex(want))) return "want " + want + ", got " + got;
        }
    }
    return "";
}

SessionSettings suite_settings() {
    SessionSettings settings;
    settings.tls = TlsPolicy::Offered;
    return settings;
}

std::vector<nlohmann::json> cases_of(const std::filesystem::path& folder) {
    std::vector<nlohmann::json> cases;
    std::ifstream lines(folder / "cases.jsonl");
    for (std::string line; std::getline(lines, line);) cases.push_back(nlohmann::json::parse(line));
    return cases;
}

void demand_clean(const std::string& bytes) {
    EXPECT_EQ(bytes.find('\0'), std::string::npos);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const bool after_cr = i > 0 && bytes[i - 1] == '\r';
        const bool before_lf = i + 1 < bytes.size() && bytes[i + 1] == '\n';
        EXPECT_TRUE(bytes[i] != '\n' || after_cr) << "at " << i;
        EXPECT_TRUE(bytes[i] != '\r' || before_lf) << "at " << i;
    }
}

void check(const nlohmann::json& test, const Cut& cut) {
    const std::string id = test.at("id");
    Conversation conversation(suite_settings());
    const std::string wrong = play(test.at("steps"), cut, conversation);
    const auto known = kKnownMisses.find(id);
    if (known != kKnownMisses.end()) {
        EXPECT_NE(wrong, "") << id << " is no miss any more: " << known->second;
        return;
    }
    EXPECT_EQ(wrong, "") << id;
    for (const auto& message : conversation.accepted) demand_clean(message.bytes);
    const std::size_t count = conversation.accepted.size();
    if (id.starts_with("sec-consult/")) {
        EXPECT_EQ(count, 0U);
    }
    if (id == "bdat/dots-are-payload") {
        EXPECT_EQ(count, 1U);
    }
    if (id == "control/dot-stuffed") {
        ASSERT_EQ(count, 1U);
        EXPECT_NE(conversation.accepted[0].bytes.find("\r\n.\r\nmail FROM"), std::string::npos);
    }
    if (id == "control/real-eod-pipelined") {
        EXPECT_EQ(count, 2U);
    }
}

class PublishedSessions : public ::testing::TestWithParam<const char*> {};

TEST_P(PublishedSessions, EndAsTheyShould) {
    const auto folder = suite_folder(GetParam());
    if (folder.empty()) GTEST_SKIP() << "set POSTERN_SUITES; published: see the head of this file";
    const auto cases = cases_of(folder);
    ASSERT_FALSE(cases.empty());
    constexpr std::size_t kShort = 2000;  // bytes of a send step worth cutting everywhere
    constexpr std::size_t kLong = std::size_t{1} << 20U;  // and too long for single bytes
    constexpr std::size_t kLongStep = 61;
    for (const nlohmann::json& test : cases) {
        SCOPED_TRACE(test.at("id").get<std::string>());
        check(test, [](const std::string& bytes) { return std::vector<std::string>{bytes}; });
        std::size_t longest = 0;
        for (const nlohmann::json& step : test.at("steps")) {
            if (step.contains("send")) {
                longest = std::max(longest, expand(bytes_of(step.at("send"))).size());
            }
        }
        const std::size_t step = longest > kLong ? kLongStep : 1;
        check(test, [step](const std::string& bytes) { return in_steps(bytes, step); });
        for (std::size_t at = 1; at < longest && longest <= kShort; ++at) {
            check(test, [at](const std::string& bytes) {
                if (at >= bytes.size()) return std::vector<std::string>{bytes};
                return std::vector<std::string>{bytes.substr(0, at), bytes.substr(at)};
            });
        }
    }
    std::printf("%s: %zu cases\n", GetParam(), cases.size());
}

INSTANTIATE_TEST_SUITE_P(All, PublishedSessions, ::testing::Values("smtp-wire", "smtp-smuggling"));

}  // namespace
}  // namespace postern::smtp
