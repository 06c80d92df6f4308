#include "gateway/auth/arc/arc_set.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "analyzers/base/ascii.hpp"
#include "gateway/auth/dkim/tag_list.hpp"

namespace postern::auth::arc {
namespace {

using dkim::Signature;
using dkim::SignatureKind;

/// Takes blanks, folds and comments (CFWS) off the front. False: a comment does not end.
bool skip_comments(std::string_view& text) {
    for (;;) {
        const std::size_t start = text.find_first_not_of(" \t\r\n");
        text.remove_prefix(std::min(start, text.size()));
        if (!text.starts_with('(')) return true;
        std::size_t depth = 0;
        std::size_t at = 0;
        do {
            if (at >= text.size()) return false;  // a backslash may have stood last
            if (text[at] == '(') ++depth;
            if (text[at] == ')') --depth;
            if (text[at] == '\\') ++at;
            ++at;
        } while (depth > 0);
        text.remove_prefix(std::min(at, text.size()));
    }
}

bool take(std::string_view& text, char c) {
    if (!skip_comments(text) || !text.starts_with(c)) return false;
    text.remove_prefix(1);
    return skip_comments(text);
}

/// A token or a quoted string (RFC 2045 5.1 value), as authserv-id is one.
std::string take_value(std::string_view& text) {
    if (text.starts_with('"')) {
        const std::size_t end = text.find('"', 1);
        if (end == std::string_view::npos) return {};
        std::string value(text.substr(1, end - 1));
        text.remove_prefix(end + 1);
        return value;
    }
    const std::size_t end = std::min(text.find_first_of(" \t\r\n;=()<>,\"[]?"), text.size());
    std::string value(text.substr(0, end));
    text.remove_prefix(end);
    return value;
}

/// What was found of one instance.
struct Found {
    std::vector<Signature> seals;
    std::vector<Signature> messages;
    std::vector<mail::HeaderField> results;
};

class ChainReader {
public:
    ChainReader(const mail::HeaderBlock& header, const dkim::SignatureLimits& limits)
        : limits_(limits),
          seals_(header.all("ARC-Seal")),
          messages_(header.all("ARC-Message-Signature")),
          results_(header.all("ARC-Authentication-Results")) {}

    ArcChain read() {
        if (seals_.empty() && messages_.empty() && results_.empty()) return std::move(chain_);
        const std::size_t most = std::max({seals_.size(), messages_.size(), results_.size()});
        if (most > kMaxInstances) {
            chain_.instances = kMaxInstances + 1;
            return flaw("more than 50 instances");
        }
        if (!collect()) return std::move(chain_);
        return assemble();
    }

private:
    ArcChain flaw(std::string sentence) {
        chain_.flaw = std::move(sentence);
        chain_.sets.clear();
        return std::move(chain_);
    }

    bool collect() {
        for (const mail::HeaderField& field : seals_) {
            Signature seal = parse_signature(field, SignatureKind::ArcSeal, limits_);
            if (seal.instance > chain_.instances) chain_.sealer = seal.domain;
            if (!note(seal.instance, "ARC-Seal")) return false;
            found_[seal.instance].seals.push_back(std::move(seal));
        }
        for (const mail::HeaderField& field : messages_) {
            Signature message = parse_signature(field, SignatureKind::ArcMessage, limits_);
            if (!note(message.instance, "ARC-Message-Signature")) return false;
            found_[message.instance].messages.push_back(std::move(message));
        }
        for (const mail::HeaderField& field : results_) {
            const bool fits = field.raw.size() <= limits_.max_size;
            const auto parsed = fits ? parse_recorded_results(field.value) : std::nullopt;
            if (!note(parsed ? parsed->instance : 0, "ARC-Authentication-Results")) return false;
            found_[parsed->instance].results.push_back(field);
        }
        return true;
    }

    bool note(std::uint32_t instance, std::string_view name) {
        chain_.instances = std::max(chain_.instances, instance);
        if (instance == 0) chain_.flaw = "an " + std::string(name) + " is malformed";
        return instance != 0;
    }

    ArcChain assemble() {
        for (std::uint32_t i = 1; i <= chain_.instances; ++i) {
            Found& found = found_[i];
            const std::string set = "instance " + std::to_string(i);
            if (found.seals.size() != 1 || found.messages.size() != 1 ||
                found.results.size() != 1) {
                return flaw(set + " does not have each field once");
            }
            const Signature& seal = found.seals.front();
            if (seal.problem) return flaw(set + ": seal: " + seal.problem->detail);
            // RFC 8617 5.2 step 2: what follows a failed chain has nothing to say.
            const bool newest = i == chain_.instances;
            if (newest && seal.chain == "fail") return flaw(set + " says that the chain failed");
            if (seal.chain != (i == 1 ? "none" : "pass")) return flaw(set + " has a wrong cv=");
            chain_.sets.push_back({std::move(found.seals.front()),
                                   std::move(found.messages.front()), found.results.front()});
        }
        return std::move(chain_);
    }

    const dkim::SignatureLimits& limits_;
    std::vector<mail::HeaderField> seals_;
    std::vector<mail::HeaderField> messages_;
    std::vector<mail::HeaderField> results_;
    std::map<std::uint32_t, Found> found_;
    ArcChain chain_;
};

}  // namespace

std::optional<RecordedResults> parse_recorded_results(std::string_view value) {
    RecordedResults recorded;
    if (!take(value, 'i') || !take(value, '=')) return std::nullopt;
    const std::size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
    const auto instance = dkim::decimal(value.substr(0, digits), 2);
    if (!instance || *instance < 1 || *instance > kMaxInstances) return std::nullopt;
    value.remove_prefix(digits);
    if (!take(value, ';')) return std::nullopt;
    recorded.instance = static_cast<std::uint32_t>(*instance);
    recorded.authserv_id = take_value(value);
    if (recorded.authserv_id.empty()) return std::nullopt;
    return recorded;
}

ArcChain read_chain(const mail::HeaderBlock& header, const dkim::SignatureLimits& limits) {
    return ChainReader(header, limits).read();
}

}  // namespace postern::auth::arc
