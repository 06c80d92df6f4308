#include "gateway/auth/arc_override.hpp"

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/auth/arc/arc_set.hpp"

namespace postern::auth {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

/// Without comments; a quoted string becomes one letter, so that nothing in it is read.
std::string bare(std::string_view value) {
    std::string text;
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (c == '\\') {
            ++i;
        } else if (quoted) {
            quoted = c != '"';
        } else if (c == '(') {
            ++depth;
        } else if (c == ')' && depth > 0) {
            --depth;
        } else if (depth == 0) {
            quoted = c == '"';
            text += quoted ? 'q' : c;
        }
    }
    return text;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// "method [/version] = pass", then the end or a blank.
bool is_pass(std::string_view part, std::string_view method) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view left = part.substr(0, equals);
    const std::string_view name = trimmed(left.substr(0, left.find('/')));
    const std::string_view right = trimmed(part.substr(equals + 1));
    return ascii_iequal(name, method) &&
           ascii_iequal(right.substr(0, right.find_first_of(kBlanks)), "pass");
}

}  // namespace

bool records_pass(std::string_view value, std::string_view method) {
    const std::string text = bare(value);
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::string_view part = rest.substr(0, rest.find(';'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        if (is_pass(part, method)) return true;
    }
    return false;
}

bool arc_vouches(const mail::HeaderBlock& header, const Arc& arc,
                 const std::vector<std::string>& trusted) {
    if (arc.result != ArcResult::Pass || arc.partial || trusted.empty()) return false;
    const arc::ArcChain chain = arc::read_chain(header, {});
    const bool all_trusted =
        std::all_of(chain.sets.begin(), chain.sets.end(), [&](const arc::ArcSet& set) {
            return std::find(trusted.begin(), trusted.end(), set.seal.domain) != trusted.end();
        });
    return all_trusted && !chain.sets.empty() &&
           records_pass(chain.sets.front().results.value, "dmarc");
}

}  // namespace postern::auth
