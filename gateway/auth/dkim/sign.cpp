#include "gateway/auth/dkim/sign.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/base64.hpp"
#include "gateway/auth/dkim/header_hash.hpp"
#include "gateway/auth/dkim/sha256_context.hpp"

namespace postern::auth::dkim {
namespace {

constexpr std::size_t kLineLength = 76;

struct Recommended {
    std::string_view name;
    bool over_sign;  ///< once more than it is there
};

// RFC 6376 5.4.1, and what decides how a message is shown. Lists add their own List- fields, and
// what is resent gets new Resent- fields: these are not over-signed.
constexpr std::array<Recommended, 26> kRecommended = {{{"From", true},
                                                       {"Sender", true},
                                                       {"Reply-To", true},
                                                       {"Subject", true},
                                                       {"Date", true},
                                                       {"Message-ID", true},
                                                       {"To", true},
                                                       {"Cc", true},
                                                       {"MIME-Version", true},
                                                       {"Content-Type", true},
                                                       {"Content-Transfer-Encoding", true},
                                                       {"Content-ID", false},
                                                       {"Content-Description", false},
                                                       {"In-Reply-To", true},
                                                       {"References", true},
                                                       {"Auto-Submitted", false},
                                                       {"Resent-Date", false},
                                                       {"Resent-From", false},
                                                       {"Resent-To", false},
                                                       {"Resent-Cc", false},
                                                       {"List-Id", false},
                                                       {"List-Help", false},
                                                       {"List-Unsubscribe", false},
                                                       {"List-Unsubscribe-Post", false},
                                                       {"List-Post", false},
                                                       {"List-Archive", false}}};

std::string_view word(Canonicalization canonicalization) {
    return canonicalization == Canonicalization::Simple ? "simple" : "relaxed";
}

/// Builds a folded field. Folds stand only where the grammar has FWS.
class FieldText {
public:
    explicit FieldText(std::string start) : text_(std::move(start)), column_(text_.size()) {}

    void tag(const std::string& spec) {
        if (column_ + spec.size() + 2 > kLineLength) {
            fold();
        } else {
            put(" ");
        }
        put(spec + ";");
    }
    /// Parts that may be folded apart: after each colon of h=.
    void tag(std::string_view name, const std::vector<std::string>& parts) {
        fold();
        put(std::string(name) + "=");
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const std::string part = parts[i] + (i + 1 < parts.size() ? ":" : ";");
            if (column_ + part.size() > kLineLength) fold();
            put(part);
        }
    }
    void last_tag(std::string_view name) {
        fold();
        put(std::string(name) + "=");
    }
    /// Base64 in pieces.
    void append_folded(std::string_view value) {
        while (!value.empty()) {
            if (column_ >= kLineLength) fold();
            const std::size_t room = std::min(kLineLength - column_, value.size());
            put(value.substr(0, room));
            value.remove_prefix(room);
        }
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    void fold() {
        text_ += "\r\n\t";
        column_ = 8;
    }
    void put(std::string_view text) {
        text_ += text;
        column_ += text.size();
    }

    std::string text_;
    std::size_t column_;
};

std::vector<std::string> lower(const std::vector<std::string>& names) {
    std::vector<std::string> result;
    result.reserve(names.size());
    for (const std::string& each : names) result.push_back(ascii_lower(each));
    return result;
}

}  // namespace

std::vector<std::string> recommended_fields(const mail::HeaderBlock& header) {
    std::vector<std::string> names;
    for (const Recommended& each : kRecommended) {
        const std::size_t times = header.count(each.name) + (each.over_sign ? 1 : 0);
        names.insert(names.end(), times, std::string(each.name));
    }
    return names;
}

std::string_view algorithm_name(KeyType type) {
    return type == KeyType::Rsa ? "rsa-sha256" : "ed25519-sha256";
}

std::string encode(std::string_view bytes) {
    return base64_encode(std::as_bytes(std::span(bytes)));
}

Sha256Digest digest_to_sign(const mail::HeaderBlock& header, const std::vector<std::string>& fields,
                            std::string_view unfinished, Canonicalization canonicalization) {
    const auto names = lower(fields);
    const FieldIndex index(header, names);
    std::string text;
    for (const std::size_t field : select_fields(index, names)) {
        append_canonical(text, header[field], canonicalization);
    }
    append_canonical_unsigned(text, unfinished, canonicalization);
    return sha256(text);
}

std::optional<std::string> sign(const mail::HeaderBlock& header, const Sha256Digest& body_hash,
                                const PrivateKey& key, const SignatureTerms& terms) {
    const auto fields = terms.fields.empty() ? recommended_fields(header) : terms.fields;
    const bool names_from = std::any_of(fields.begin(), fields.end(), [](const std::string& each) {
        return ascii_iequal(each, "from");
    });
    if (!names_from || header.count("From") == 0) return std::nullopt;
    const std::string body_bytes(body_hash.begin(), body_hash.end());
    FieldText text("DKIM-Signature: v=1;");
    text.tag("a=" + std::string(algorithm_name(key.type())));
    text.tag("c=" + std::string(word(terms.header)) + "/" + std::string(word(terms.body)));
    text.tag("d=" + terms.domain);
    text.tag("s=" + terms.selector);
    if (!terms.identity.empty()) text.tag("i=" + terms.identity);
    text.tag("t=" + std::to_string(terms.time));
    if (terms.expiry) text.tag("x=" + std::to_string(*terms.expiry));
    text.tag("h", fields);
    text.tag("bh=" + encode(body_bytes));
    text.last_tag("b");
    const auto made = key.sign(digest_to_sign(header, fields, text.text(), terms.header));
    if (!made) return std::nullopt;
    text.append_folded(encode(*made));
    return text.text() + "\r\n";
}

}  // namespace postern::auth::dkim
