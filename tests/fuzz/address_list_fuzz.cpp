/// @file Any text as an address list: refused, or addresses that, written down plainly, are read as
/// the same.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/mail/address_list.hpp"

namespace {

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        // A bare line end folds, and is no part of the text; behind a backslash it is.
        if (c == '"' || c == '\\' || c == '\r' || c == '\n') out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern::mail;
    const std::string text(data, data + size);
    const auto list = parse_address_list(text);
    if (!list) return 0;
    std::string written;
    for (const ListedAddress& each : list->addresses) {
        if (each.domain.empty()) std::abort();
        const bool literal = each.domain.front() == '[';
        if (literal) return 0;  // may hold quoted pairs, which are not kept
        written += (written.empty() ? "" : ", ") + quoted(each.display_name) + " <" +
                   quoted(each.local_part) + "@" + each.domain + ">";
    }
    const auto again = parse_address_list(written);
    if (!again || again->flaws != 0 || again->addresses.size() != list->addresses.size()) {
        std::abort();
    }
    for (std::size_t i = 0; i < list->addresses.size(); ++i) {
        if (again->addresses[i].local_part != list->addresses[i].local_part ||
            again->addresses[i].domain != list->addresses[i].domain ||
            again->addresses[i].display_name != list->addresses[i].display_name) {
            std::abort();
        }
    }
    return 0;
}
