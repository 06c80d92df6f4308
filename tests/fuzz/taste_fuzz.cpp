/// @file Any bytes have a kind, always the same, and no kind is named twice.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "analyzers/taste/taste.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern::analyzers;
    const postern::ByteView bytes = std::as_bytes(std::span{data, size});
    const Taste first = taste(bytes, "name.js");
    const Taste second = taste(bytes, "name.js");
    if (first.type != second.type || first.also != second.also) std::abort();
    if (first.type.empty() || first.mime.empty() || first.also.size() > kMaxAlso) std::abort();
    if (std::count(first.also.begin(), first.also.end(), first.type) != 0) std::abort();
    return 0;
}
