/// @file A display name that is an address of somebody else. Many programs show the name only, so
/// `"boss@example.org" <thief@elsewhere.example>` is read as mail from the boss.

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/checks/message/author.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

bool part_of_address(char c) {
    return ascii_alnum(c) || static_cast<unsigned char>(c) >= 0x80 || c == '.' || c == '-' ||
           c == '_' || c == '+';
}

/// The first "local@host.tld" in a text; empty: there is none.
std::string address_in(std::string_view text) {
    for (std::size_t at = text.find('@'); at != std::string_view::npos;
         at = text.find('@', at + 1)) {
        std::size_t begin = at;
        while (begin > 0 && part_of_address(text[begin - 1])) --begin;
        std::size_t end = at + 1;
        while (end < text.size() && part_of_address(text[end])) ++end;
        std::string_view host = text.substr(at + 1, end - at - 1);
        while (host.ends_with('.')) host.remove_suffix(1);
        const bool whole = begin < at && host.find('.') != std::string_view::npos && host[0] != '.';
        if (whole) return std::string(text.substr(begin, at + 1 - begin)).append(host);
    }
    return {};
}

Opinions run(const Facts& facts, const Tools& /*tools*/, const Options& /*options*/) {
    Opinions said;
    for (const Author& author : authors(*facts.message)) {
        const std::string shown = address_in(author.name);
        if (shown.empty()) continue;
        const Author other = author_of(shown, {});
        if (other.registrable.empty() || other.registrable == author.registrable) continue;
        said.push_back(noted("DISPLAY_NAME_ADDRESS", shown + " is shown, from " + author.address));
        break;
    }
    return said;
}

}  // namespace

const Check& display_name() {
    static const Check kCheck{
        .name = "display_name",
        .stage = Stage::Message,
        .run = run,
        .meaning = "The name shown for the author is somebody else's address."};
    return kCheck;
}

}  // namespace postern::checks
