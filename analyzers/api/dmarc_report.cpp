#include "analyzers/api/dmarc_report.hpp"

#include <array>

#include "analyzers/base/ascii.hpp"

namespace postern::analyzers {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> kActions = {"unknown", "none", "pass", "quarantine",
                                                      "reject"};
constexpr std::array<std::string_view, 9> kResults = {
    "unknown", "none", "neutral", "pass", "fail", "softfail", "policy", "temperror", "permerror"};
constexpr std::array<std::string_view, 9> kOverrides = {
    "none",         "unknown",      "forwarded",        "sampled_out", "trusted_forwarder",
    "mailing_list", "local_policy", "policy_test_mode", "other"};

template <std::size_t N, class E>
std::string_view pick(const std::array<std::string_view, N>& words, E value) {
    const auto index = static_cast<std::size_t>(value);
    return index < N ? words.at(index) : std::string_view("unknown");
}

template <std::size_t N, class E>
E find(const std::array<std::string_view, N>& words, std::string_view text, E otherwise) {
    for (std::size_t i = 0; i < N; ++i) {
        if (ascii_iequal(words.at(i), text)) return static_cast<E>(i);
    }
    return otherwise;
}

}  // namespace

std::string_view word(DmarcAction action) {
    return pick(kActions, action);
}
std::string_view word(DmarcAuthResult result) {
    return pick(kResults, result);
}
std::string_view word(DmarcOverride reason) {
    return pick(kOverrides, reason);
}

DmarcAction dmarc_action(std::string_view text) {
    return find(kActions, text, DmarcAction::Unknown);
}
DmarcAuthResult dmarc_auth_result(std::string_view text) {
    return find(kResults, text, DmarcAuthResult::Unknown);
}
DmarcOverride dmarc_override(std::string_view text) {
    return find(kOverrides, text, DmarcOverride::Unknown);
}

}  // namespace postern::analyzers
