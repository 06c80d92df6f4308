#include "gateway/auth/spf/record.hpp"

#include <algorithm>
#include <array>

#include "analyzers/base/ascii.hpp"

namespace postern::auth::spf {
namespace {

constexpr std::string_view kVersion = "v=spf1";
constexpr std::size_t kMaxQuoted = 80;  // of a term that is shown in an error

using Kind = Mechanism::Kind;

struct KindName {
    std::string_view name;
    Kind kind;
};
constexpr std::array<KindName, 8> kKinds = {{{"all", Kind::All},
                                             {"include", Kind::Include},
                                             {"a", Kind::A},
                                             {"mx", Kind::Mx},
                                             {"ptr", Kind::Ptr},
                                             {"ip4", Kind::Ip4},
                                             {"ip6", Kind::Ip6},
                                             {"exists", Kind::Exists}}};

Outcome<Done, SyntaxError> wrong(const std::string& what) {
    return Failure{what};
}

std::string shown(std::string_view term) {
    std::string text = "\"";
    for (const char c : term.substr(0, kMaxQuoted)) text += c > ' ' && c < '\x7f' ? c : '?';
    return text + '"';
}

/// Takes "/digits" off the end of `text`: 0 to `most`, without leading zeros.
struct PrefixCut {
    bool present = false;
    bool valid = true;
    unsigned bits = 0;
};
PrefixCut cut_prefix(std::string_view& text, unsigned most) {
    const std::size_t slash = text.rfind('/');
    if (slash == std::string_view::npos) return {};
    const std::string_view digits = text.substr(slash + 1);
    PrefixCut cut{true, !digits.empty() && digits.size() <= 3, 0};
    for (const char c : digits) {
        if (!ascii_digit(c)) cut.valid = false;
        if (cut.valid) cut.bits = cut.bits * 10 + static_cast<unsigned>(c - '0');
    }
    if (digits.size() > 1 && digits.front() == '0') cut.valid = false;
    cut.valid = cut.valid && cut.bits <= most;
    text.remove_suffix(text.size() - slash);
    return cut;
}

bool all_digits_behind_last_slash(std::string_view text) {
    const std::size_t slash = text.rfind('/');
    return slash != std::string_view::npos && slash + 1 < text.size() &&
           std::all_of(text.begin() + static_cast<std::ptrdiff_t>(slash) + 1, text.end(),
                       ascii_digit);
}

/// dual-cidr-length: "/24", "//64", "/24//64" at the end of what follows "a" or "mx".
Outcome<Done, SyntaxError> take_dual_prefix(std::string_view& rest, Mechanism& mechanism) {
    // A domain-spec may hold slashes of its own: only digits at the very end are a prefix length.
    if (!all_digits_behind_last_slash(rest)) {
        return rest.ends_with('/') ? wrong("an empty prefix length") : Done{};
    }
    const std::size_t slash = rest.rfind('/');
    if (slash > 0 && rest[slash - 1] == '/') {
        const PrefixCut six = cut_prefix(rest, 128);
        if (!six.valid) return wrong("a bad IPv6 prefix length");
        mechanism.bits6 = six.bits;
        rest.remove_suffix(1);
        if (!all_digits_behind_last_slash(rest)) {
            return rest.ends_with('/') ? wrong("an empty prefix length") : Done{};
        }
    }
    const PrefixCut four = cut_prefix(rest, 32);
    if (!four.valid) return wrong("a bad IPv4 prefix length");
    mechanism.bits4 = four.bits;
    return Done{};
}

Outcome<Done, SyntaxError> take_network(std::string_view rest, Mechanism& mechanism) {
    if (!rest.starts_with(':')) return wrong("no address");
    rest.remove_prefix(1);
    const bool four = mechanism.kind == Kind::Ip4;
    const PrefixCut cut = cut_prefix(rest, four ? 32 : 128);
    if (!cut.valid) return wrong("a bad prefix length");
    if (cut.present) (four ? mechanism.bits4 : mechanism.bits6) = cut.bits;
    const auto address = mail::IpAddress::parse(rest);
    const bool written_six = rest.find(':') != std::string_view::npos;
    if (!address || written_six == four) return wrong("no address");
    mechanism.network = address->bytes();
    return Done{};
}

Outcome<Done, SyntaxError> take_domain(std::string_view rest, bool required, Mechanism& mechanism) {
    if (rest.empty()) return required ? wrong("no domain name") : Done{};
    if (!rest.starts_with(':')) return wrong("unexpected text");
    const auto domain = MacroString::parse_domain_spec(rest.substr(1));
    if (!domain) return Failure{domain.error()};
    mechanism.domain = *domain;
    return Done{};
}

Outcome<Done, SyntaxError> take_arguments(std::string_view rest, Mechanism& mechanism) {
    switch (mechanism.kind) {
        case Kind::All:
            return rest.empty() ? Done{} : wrong("\"all\" with an argument");
        case Kind::A:
        case Kind::Mx: {
            auto prefix = take_dual_prefix(rest, mechanism);
            if (!prefix) return prefix;
            return take_domain(rest, false, mechanism);
        }
        case Kind::Ptr:
            return take_domain(rest, false, mechanism);
        case Kind::Include:
        case Kind::Exists:
            return take_domain(rest, true, mechanism);
        case Kind::Ip4:
        case Kind::Ip6:
            return take_network(rest, mechanism);
    }
    return Done{};
}

SpfResult qualifier_of(char c) {
    switch (c) {
        case '-':
            return SpfResult::Fail;
        case '~':
            return SpfResult::SoftFail;
        case '?':
            return SpfResult::Neutral;
        default:
            return SpfResult::Pass;
    }
}

Outcome<Done, SyntaxError> take_mechanism(std::string_view term, Record& record) {
    Mechanism mechanism;
    mechanism.text = term;
    if (std::string_view("+-~?").find(term.front()) != std::string_view::npos) {
        mechanism.qualifier = qualifier_of(term.front());
        term.remove_prefix(1);
    }
    const std::size_t end = std::min(term.find_first_of(":/"), term.size());
    const auto kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const KindName& each) {
        return ascii_iequal(each.name, term.substr(0, end));
    });
    if (kind == kKinds.end()) return wrong("an unknown mechanism");
    mechanism.kind = kind->kind;
    auto taken = take_arguments(term.substr(end), mechanism);
    if (!taken) return taken;
    record.has_all = record.has_all || mechanism.kind == Kind::All;
    record.mechanisms.push_back(std::move(mechanism));
    return Done{};
}

/// The place of "=" when `term` is a modifier: name "=" value.
std::optional<std::size_t> modifier_equals(std::string_view term) {
    if (!ascii_alpha(term.front())) return std::nullopt;
    for (std::size_t i = 1; i < term.size(); ++i) {
        const char c = term[i];
        if (c == '=') return i;
        if (!ascii_alnum(c) && c != '-' && c != '_' && c != '.') return std::nullopt;
    }
    return std::nullopt;
}

Outcome<Done, SyntaxError> take_modifier(std::string_view name, std::string_view value,
                                         Record& record) {
    const bool redirect = ascii_iequal(name, "redirect");
    if (!redirect && !ascii_iequal(name, "exp")) {
        const auto checked = MacroString::parse_macro_string(value);
        return checked ? Outcome<Done, SyntaxError>(Done{}) : wrong(checked.error());
    }
    auto& member = redirect ? record.redirect : record.explanation;
    if (member) return wrong("a modifier given twice");
    const auto domain = MacroString::parse_domain_spec(value);
    if (!domain) return wrong(domain.error());
    member = *domain;
    return Done{};
}

}  // namespace

bool is_spf(std::string_view text) {
    return ascii_iequal(text.substr(0, kVersion.size()), kVersion) &&
           (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

Outcome<Record, SyntaxError> parse_record(std::string_view text) {
    Record record;
    text.remove_prefix(std::min(kVersion.size(), text.size()));
    while (!text.empty()) {
        const std::size_t begin = text.find_first_not_of(' ');
        if (begin == std::string_view::npos) break;
        text.remove_prefix(begin);
        const std::string_view term = text.substr(0, text.find(' '));
        text.remove_prefix(term.size());
        const auto equals = modifier_equals(term);
        const auto taken =
            equals ? take_modifier(term.substr(0, *equals), term.substr(*equals + 1), record)
                   : take_mechanism(term, record);
        if (!taken) return Failure{taken.error() + " in " + shown(term)};
    }
    return record;
}

}  // namespace postern::auth::spf
