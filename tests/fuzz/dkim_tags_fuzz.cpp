/// @file Whatever the field: a signature is read or has a problem, what is read is clean, and where
/// b= stands is where it stands.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/auth/dkim/header_hash.hpp"
#include "gateway/auth/dkim/signature.hpp"
#include "gateway/auth/dkim/tag_list.hpp"

namespace {

using postern::auth::dkim::Signature;

bool clean(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 33 || byte > 126) return false;
    }
    return true;
}

void check(const Signature& signature) {
    if (!clean(signature.domain) || !clean(signature.selector)) std::abort();
    if (!clean(signature.algorithm_text) || !clean(signature.signature_start)) std::abort();
    for (const char c : signature.identity) {
        if (static_cast<unsigned char>(c) < 32) std::abort();
    }
    if (signature.problem) return;
    if (signature.signature.empty() || !signature.algorithm) std::abort();
    const std::string_view raw = signature.field.raw;
    if (signature.b_begin > signature.b_end || signature.b_end > raw.size()) std::abort();
    if (raw[signature.b_begin - 1] != '=') std::abort();
    std::string text;
    append_canonical_signature(text, signature);
    if (text.ends_with("\r\n")) std::abort();  // a bare LF stays: it was not signed
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using postern::auth::dkim::SignatureKind;
    const std::string text(static_cast<const char*>(static_cast<const void*>(data)), size);
    const std::string field = "S:" + text;
    const postern::mail::HeaderBlock block(field);
    if (block.count() == 0) return 0;
    for (const auto kind :
         {SignatureKind::Dkim, SignatureKind::ArcMessage, SignatureKind::ArcSeal}) {
        check(parse_signature(block[0], kind, {65536, 1'800'000'000, 36'000}));
    }
    const auto list = postern::auth::dkim::TagList::parse(text);
    if (!list) return 0;
    // What was read, written plainly, reads the same.
    std::string plain;
    for (const auto& tag : list->tags()) {
        plain += std::string(tag.name) + "=" + std::string(tag.value) + ";";
    }
    const auto again = postern::auth::dkim::TagList::parse(plain);
    if (!again || again->tags().size() != list->tags().size()) std::abort();
    for (std::size_t i = 0; i < list->tags().size(); ++i) {
        if (again->tags()[i].name != list->tags()[i].name) std::abort();
        if (again->tags()[i].value != list->tags()[i].value) std::abort();
    }
    return 0;
}
