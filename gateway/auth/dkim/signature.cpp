#include "gateway/auth/dkim/signature.hpp"

#include <algorithm>
#include <array>

#include "analyzers/base/ascii.hpp"
#include "gateway/auth/dkim/quoted_printable.hpp"
#include "gateway/auth/dkim/tag_list.hpp"
#include "gateway/mail/a_label.hpp"
#include "gateway/mail/address.hpp"

namespace postern::auth::dkim {
namespace {

constexpr std::size_t kLengthDigits = 76;   // RFC 6376 3.5, l=
constexpr std::size_t kTimeDigits = 12;     // RFC 6376 3.5, t= and x=
constexpr std::uint32_t kMaxInstance = 50;  // RFC 8617 4.2.1

/// Reads one tag after the other; the first thing that is wrong ends it.
class Reader {
public:
    Reader(Signature& signature, const TagList& tags, const SignatureLimits& limits)
        : signature_(signature), tags_(tags), limits_(limits) {}

    void read() {
        read_names();
        const bool done = instance() && version() && algorithm() && domain() && selector() &&
                          chain() && signature() && methods() && canonicalization() &&
                          body_hash() && fields() && length() && times() && identity() &&
                          copied_fields();
        static_cast<void>(done);
    }

private:
    bool fail(DkimResult result, std::string detail) {
        signature_.problem = Problem{result, std::move(detail)};
        return false;
    }
    bool missing(std::string_view tag) {
        return fail(DkimResult::PermError, "tag " + std::string(tag) + "= is missing");
    }
    bool bad(std::string_view tag) {
        return fail(DkimResult::PermError, "tag " + std::string(tag) + "= is malformed");
    }
    [[nodiscard]] bool is(SignatureKind kind) const { return signature_.kind == kind; }
    [[nodiscard]] bool seal() const { return is(SignatureKind::ArcSeal); }

    /// Who signed is told even when something else is wrong.
    void read_names() {
        if (const Tag* tag = tags_.find("d")) signature_.domain = name_of(tag->value);
        if (const Tag* tag = tags_.find("s")) signature_.selector = name_of(tag->value);
        if (const Tag* tag = tags_.find("a")) {
            const auto plain = [](char c) { return ascii_alnum(c) || c == '-'; };
            const bool clean = std::all_of(tag->value.begin(), tag->value.end(), plain);
            if (clean && tag->value.size() <= 32) signature_.algorithm_text = tag->value;
        }
    }

    /// In A-labels (RFC 8616 5). Empty: no domain name.
    static std::string name_of(std::string_view text) {
        const auto ascii = mail::to_a_labels(text);
        if (!ascii || ascii->ends_with('.')) return {};
        const auto parsed = mail::Domain::parse(*ascii);
        return parsed && !parsed->is_literal() ? parsed->text() : std::string();
    }

    bool version() {
        const Tag* tag = tags_.find("v");
        if (!is(SignatureKind::Dkim)) return true;
        if (tag == nullptr) return missing("v");
        // RFC 6376 6.1.1: "incompatible version".
        return tag->value == "1" || fail(DkimResult::PermError, "version is not 1");
    }

    bool algorithm() {
        const Tag* tag = tags_.find("a");
        if (tag == nullptr) return missing("a");
        if (tag->value == "rsa-sha256") {
            signature_.algorithm = Algorithm::RsaSha256;
        } else if (tag->value == "ed25519-sha256") {
            signature_.algorithm = Algorithm::Ed25519Sha256;
        } else if (tag->value == "rsa-sha1") {
            return fail(DkimResult::PermError, "rsa-sha1 proves nothing (RFC 8301 3.1)");
        } else {
            return fail(DkimResult::PermError, "algorithm is unknown");
        }
        return true;
    }

    bool domain() {
        if (tags_.find("d") == nullptr) return missing("d");
        // RFC 6376 3.5: domain-name has two labels at least.
        const bool good = signature_.domain.find('.') != std::string::npos;
        return good || bad("d");
    }

    bool selector() {
        if (tags_.find("s") == nullptr) return missing("s");
        if (signature_.selector.empty()) return bad("s");
        constexpr std::size_t kMaxName = 253;
        return signature_.key_name().size() <= kMaxName || bad("s");
    }

    /// Comes first: an older signature of a chain may be broken otherwise, but not here.
    bool instance() {
        if (is(SignatureKind::Dkim)) return true;
        const Tag* tag = tags_.find("i");
        if (tag == nullptr) return missing("i");
        const auto number = decimal(tag->value, 2);
        if (!number || *number < 1 || *number > kMaxInstance) return bad("i");
        signature_.instance = static_cast<std::uint32_t>(*number);
        return true;
    }

    bool chain() {
        if (!seal()) return true;
        const Tag* status = tags_.find("cv");
        if (status == nullptr) return missing("cv");
        constexpr std::array<std::string_view, 3> kWords = {"none", "pass", "fail"};
        if (std::find(kWords.begin(), kWords.end(), status->value) == kWords.end()) {
            return bad("cv");
        }
        signature_.chain = status->value;
        // RFC 8617 4.1.3: a seal with h= makes the chain invalid.
        return tags_.find("h") == nullptr || bad("h");
    }

    bool signature() {
        const Tag* tag = tags_.find("b");
        if (tag == nullptr) return missing("b");
        const std::string text = without_blanks(tag->value);
        const auto decoded = base64_value(text);
        if (!decoded || decoded->empty()) return bad("b");
        signature_.signature = *decoded;
        signature_.signature_start = text.substr(0, 8);
        // The tag list was parsed from the value, which ends where the raw field's content does.
        const auto behind_name =
            static_cast<std::size_t>(signature_.field.value.data() - signature_.field.raw.data());
        signature_.b_begin = behind_name + tag->begin;
        signature_.b_end = behind_name + tag->end;
        return true;
    }

    bool methods() {
        const Tag* tag = tags_.find("q");
        if (tag == nullptr || seal()) return true;
        for (const std::string_view method : split(tag->value, ':')) {
            if (ascii_iequal(method, "dns/txt")) return true;
        }
        return fail(DkimResult::PermError, "q= names no way to the key but unknown ones");
    }

    static std::optional<Canonicalization> method(std::string_view word) {
        if (word == "simple") return Canonicalization::Simple;
        if (word == "relaxed") return Canonicalization::Relaxed;
        return std::nullopt;
    }

    bool canonicalization() {
        if (!is(SignatureKind::Dkim)) {
            // RFC 8617 5.1.1: a seal is always relaxed. What a message signature without c= means
            // RFC 8617 does not say; its drafts, its test suite and those who seal say relaxed.
            signature_.header_canonicalization = Canonicalization::Relaxed;
            signature_.body.canonicalization = Canonicalization::Relaxed;
        }
        const Tag* tag = tags_.find("c");
        if (tag == nullptr || seal()) return true;
        const std::size_t slash = tag->value.find('/');
        const auto header = method(tag->value.substr(0, slash));
        const auto body = slash == std::string_view::npos ? Canonicalization::Simple
                                                          : method(tag->value.substr(slash + 1));
        if (!header || !body) return fail(DkimResult::PermError, "canonicalization is unknown");
        signature_.header_canonicalization = *header;
        signature_.body.canonicalization = *body;
        return true;
    }

    bool body_hash() {
        if (seal()) return true;
        const Tag* tag = tags_.find("bh");
        if (tag == nullptr) return missing("bh");
        const auto decoded = base64_value(tag->value);
        if (!decoded || decoded->size() != signature_.body_hash.size()) return bad("bh");
        std::transform(decoded->begin(), decoded->end(), signature_.body_hash.begin(),
                       [](char c) { return static_cast<unsigned char>(c); });
        return true;
    }

    bool fields() {
        if (seal()) return true;
        const Tag* tag = tags_.find("h");
        if (tag == nullptr) return missing("h");
        for (const std::string_view part : split(tag->value, ':')) {
            const auto printable = [](char c) { return c > 32 && c < 127 && c != ';'; };
            if (!std::all_of(part.begin(), part.end(), printable)) return bad("h");
            // An empty name is no name of any field, and hashes nothing.
            if (!part.empty()) signature_.signed_fields.push_back(ascii_lower(part));
        }
        const auto& names = signature_.signed_fields;
        const auto has = [&](std::string_view name) {
            return std::find(names.begin(), names.end(), name) != names.end();
        };
        // RFC 8617 4.1.2: the seal covers the signature, never the other way round.
        if (is(SignatureKind::ArcMessage)) return !has("arc-seal") || bad("h");
        // RFC 6376 5.4: the From field MUST be signed.
        return has("from") || fail(DkimResult::PermError, "From is not signed");
    }

    bool length() {
        const Tag* tag = tags_.find("l");
        if (tag == nullptr || seal()) return true;
        const auto number = decimal(tag->value, kLengthDigits);
        if (!number) return bad("l");
        signature_.body.length = *number;
        return true;
    }

    bool times() {
        if (const Tag* tag = tags_.find("t")) {
            signature_.time = decimal(tag->value, kTimeDigits);
            if (!signature_.time) return bad("t");
        }
        if (seal()) return true;
        if (const Tag* tag = tags_.find("x")) {
            signature_.expiry = decimal(tag->value, kTimeDigits);
            if (!signature_.expiry) return bad("x");
        }
        const auto time = signature_.time;
        const auto expiry = signature_.expiry;
        // RFC 6376 3.5: the expiry MUST be greater than the time of signing.
        if (time && expiry && *expiry <= *time) return bad("x");
        if (expiry && *expiry < limits_.now) {
            return fail(DkimResult::PermError, "signature has expired");
        }
        if (time && *time > limits_.now && *time - limits_.now > limits_.clock_skew) {
            return fail(DkimResult::PermError, "signature was made in the future");
        }
        return true;
    }

    bool identity() {
        if (!is(SignatureKind::Dkim)) return true;
        const Tag* tag = tags_.find("i");
        signature_.identity_domain = signature_.domain;
        signature_.identity = "@" + signature_.domain;
        if (tag == nullptr) return true;
        const auto text = decode_quoted_printable(tag->value);
        const std::size_t at = text ? text->rfind('@') : std::string::npos;
        if (at == std::string::npos) return bad("i");
        const std::string domain = name_of(std::string_view(*text).substr(at + 1));
        const std::string& parent = signature_.domain;
        const bool inside = domain == parent || domain.ends_with("." + parent);
        // RFC 6376 6.1.1: "domain mismatch".
        if (!inside) return fail(DkimResult::PermError, "i= is not within d=");
        signature_.identity_domain = domain;
        signature_.identity = text->substr(0, at + 1) + domain;
        return true;
    }

    bool copied_fields() {
        const Tag* tag = tags_.find("z");
        if (tag == nullptr || !is(SignatureKind::Dkim)) return true;
        for (const std::string_view part : split(tag->value, '|')) {
            if (part.find(':') == std::string_view::npos || !decode_quoted_printable(part)) {
                return bad("z");
            }
        }
        return true;
    }

    Signature& signature_;
    const TagList& tags_;
    const SignatureLimits& limits_;
};

}  // namespace

std::string_view name(Algorithm algorithm) {
    return algorithm == Algorithm::RsaSha256 ? "rsa-sha256" : "ed25519-sha256";
}

Signature parse_signature(const mail::HeaderField& field, SignatureKind kind,
                          const SignatureLimits& limits) {
    Signature signature;
    signature.kind = kind;
    signature.field = field;
    if (field.raw.size() > limits.max_size) {
        signature.problem = Problem{DkimResult::PermError, "the signature field is too long"};
        return signature;
    }
    const auto tags = TagList::parse(field.value);
    if (!tags) {
        const bool twice = tags.error() == TagListError::Duplicate;
        signature.problem = Problem{DkimResult::PermError,
                                    twice ? "a tag stands twice" : "the tag list is malformed"};
        return signature;
    }
    Reader(signature, *tags, limits).read();
    return signature;
}

}  // namespace postern::auth::dkim
