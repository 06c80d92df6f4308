#include "gateway/auth/results.hpp"

#include <array>

namespace postern::auth {
namespace {

template <std::size_t N, class E>
std::string_view pick(const std::array<std::string_view, N>& words, E value) {
    return words.at(static_cast<std::size_t>(value));
}

}  // namespace

std::string_view word(SpfResult result) {
    constexpr std::array<std::string_view, 7> kWords = {"none",     "neutral",   "pass",     "fail",
                                                        "softfail", "temperror", "permerror"};
    return pick(kWords, result);
}

std::string_view word(DkimResult result) {
    constexpr std::array<std::string_view, 6> kWords = {"pass",   "fail",      "neutral",
                                                        "policy", "temperror", "permerror"};
    return pick(kWords, result);
}

std::string_view word(DmarcResult result) {
    constexpr std::array<std::string_view, 5> kWords = {"none", "pass", "fail", "temperror",
                                                        "permerror"};
    return pick(kWords, result);
}

std::string_view word(ArcResult result) {
    constexpr std::array<std::string_view, 3> kWords = {"none", "pass", "fail"};
    return pick(kWords, result);
}

std::string_view word(IprevResult result) {
    constexpr std::array<std::string_view, 5> kWords = {"none", "pass", "fail", "temperror",
                                                        "permerror"};
    return pick(kWords, result);
}

std::string_view word(DmarcPolicy policy) {
    constexpr std::array<std::string_view, 3> kWords = {"none", "quarantine", "reject"};
    return pick(kWords, policy);
}

}  // namespace postern::auth
