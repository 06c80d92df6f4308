#include "gateway/auth/dkim/key_record.hpp"

#include <algorithm>

#include "gateway/auth/dkim/tag_list.hpp"

namespace postern::auth::dkim {
namespace {

/// True without the tag, or when one of the words is in its colon-separated list.
bool lists(const Tag* tag, std::string_view word, std::string_view or_word = {}) {
    if (tag == nullptr) return true;
    const auto words = split(tag->value, ':');
    return std::any_of(words.begin(), words.end(), [&](std::string_view each) {
        return each == word || (!or_word.empty() && each == or_word);
    });
}

}  // namespace

std::string_view describe(KeyRecordError error) {
    switch (error) {
        case KeyRecordError::Syntax:
            return "the key record is malformed";
        case KeyRecordError::Version:
            return "the key record is of another version";
        case KeyRecordError::UnknownType:
            return "the key is of an unknown type";
        case KeyRecordError::NoKey:
            return "the key record has no p=";
        case KeyRecordError::BadBase64:
            return "the key is no base64";
    }
    return "";
}

Outcome<KeyRecord, KeyRecordError> parse_key_record(std::string_view text) {
    const auto tags = TagList::parse(text);
    if (!tags) return Failure{KeyRecordError::Syntax};
    if (const Tag* version = tags->find("v")) {
        // RFC 6376 3.6.1: if there, it MUST be the first tag and "DKIM1".
        if (version != &tags->tags().front() || version->value != "DKIM1") {
            return Failure{KeyRecordError::Version};
        }
    }
    KeyRecord record;
    if (const Tag* type = tags->find("k")) {
        if (type->value == "ed25519") {
            record.type = KeyType::Ed25519;
        } else if (type->value != "rsa") {
            return Failure{KeyRecordError::UnknownType};
        }
    }
    record.sha256 = lists(tags->find("h"), "sha256");
    record.email = lists(tags->find("s"), "email", "*");
    if (const Tag* flags = tags->find("t")) {
        record.testing = lists(flags, "y");
        record.same_domain = lists(flags, "s");
    }
    const Tag* key = tags->find("p");
    if (key == nullptr) return Failure{KeyRecordError::NoKey};
    const auto decoded = base64_value(key->value);
    if (!decoded) return Failure{KeyRecordError::BadBase64};
    record.key = *decoded;
    return record;
}

}  // namespace postern::auth::dkim
