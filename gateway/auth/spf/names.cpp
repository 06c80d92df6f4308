#include "gateway/auth/spf/names.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/mail/a_label.hpp"
#include "gateway/mail/address.hpp"

namespace postern::auth::spf {
namespace {

constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxLabel = 63;

}  // namespace

std::optional<std::string> checkable_domain(std::string_view text) {
    const auto ascii = mail::to_a_labels(text);
    if (!ascii) return std::nullopt;
    const auto domain = mail::Domain::parse(*ascii);
    if (!domain || domain->text().find('.') == std::string::npos) return std::nullopt;
    return domain->text();
}

bool is_askable(std::string_view name) {
    if (name.empty() || name.size() > kMaxName) return false;
    std::size_t label = 0;
    for (const char c : name) {
        if ((c & '\x80') != 0 || c == '\0') return false;
        if (c == '.' && label == 0) return false;
        label = c == '.' ? 0 : label + 1;
        if (label > kMaxLabel) return false;
    }
    return label > 0;
}

Sender split_sender(std::string_view text) {
    Sender sender;
    const std::size_t at = text.rfind('@');
    sender.domain = at == std::string_view::npos ? text : text.substr(at + 1);
    if (at != std::string_view::npos && at > 0) sender.local_part = text.substr(0, at);
    return sender;
}

}  // namespace postern::auth::spf
