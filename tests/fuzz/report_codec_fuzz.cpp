/// @file Any bytes: they are refused, or are the one encoding of the report they hold.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "analyzers/api/codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(data, data + size);
    const auto report = postern::analyzers::decode(bytes);
    if (report && postern::analyzers::encode(*report) != bytes) std::abort();
    return 0;
}
