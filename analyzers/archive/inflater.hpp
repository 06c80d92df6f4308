#pragma once

/// @file DEFLATE (RFC 1951) in bounded steps.

#include <cstddef>
#include <string>

#include "analyzers/archive/unpacking.hpp"

namespace postern::analyzers {

struct Inflated {
    std::string content;       ///< what came out before the end, an error or a limit
    std::size_t consumed = 0;  ///< of the input
    bool ended = false;        ///< the stream said that it was over
};

/// The stream at the start of `packed`; what follows it is left alone.
[[nodiscard]] Inflated inflate_stream(std::string_view packed, Unpacking& unpacking);

/// CRC-32 as zip and gzip have it.
[[nodiscard]] std::uint32_t crc32_of(std::string_view content);

}  // namespace postern::analyzers
