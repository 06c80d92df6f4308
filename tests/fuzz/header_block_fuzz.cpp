/// @file Whatever the bytes: the fields, one behind the other, are the block up to its empty line,
/// and reading it again with the limit of fields gives the same fields.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/mail/header_block.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(static_cast<const char*>(static_cast<const void*>(data)), size);
    const postern::mail::HeaderBlock block(bytes);
    std::size_t at = 0;
    for (std::size_t i = 0; i < block.count(); ++i) {
        const auto field = block[i];
        if (field.offset != at || field.raw.empty()) std::abort();
        if (field.raw != bytes.substr(at, field.raw.size())) std::abort();
        const bool colon = (field.flaws & postern::mail::kNoColon) == 0;
        if (colon && !field.raw.starts_with(field.name)) std::abort();
        if (!colon && !(field.name.empty() && field.value.empty())) std::abort();
        if (field.unfolded().find('\n') != std::string::npos) std::abort();
        at += field.raw.size();
    }
    const std::string_view rest = bytes.substr(at, block.size() - at);
    const bool ended = (block.flaws() & postern::mail::kNoEmptyLine) == 0;
    if (ended ? rest != "\r\n" && rest != "\n" : !rest.empty()) std::abort();
    const postern::mail::HeaderBlock few(bytes, 3);
    for (std::size_t i = 0; i < few.count(); ++i) {
        if (few[i].raw != block[i].raw) std::abort();
    }
    return 0;
}
