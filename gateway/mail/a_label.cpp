#include "gateway/mail/a_label.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"

namespace postern::mail {
namespace {

constexpr std::size_t kMaxUtf8 = 1024;  // no domain of 253 bytes needs more

}  // namespace

std::optional<std::string> to_a_labels(std::string_view domain) {
    if (std::all_of(domain.begin(), domain.end(), [](char c) { return (c & '\x80') == 0; })) {
        return ascii_lower(domain);
    }
    if (domain.size() > kMaxUtf8 || !is_utf8(domain) ||
        domain.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    char* made = nullptr;
    const int result = ::idn2_to_ascii_8z(std::string(domain).c_str(), &made,
                                          IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, void (*)(void*)> owned(made, ::idn2_free);
    if (result != IDN2_OK) return std::nullopt;
    return std::string(owned.get());
}

}  // namespace postern::mail
