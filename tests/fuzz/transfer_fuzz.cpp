// The transfer decoders on any bytes: no longer than the input (but for the blanks that the last
// line of uuencode may have lost), and what base64 encodes comes back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "analyzers/base/base64.hpp"
#include "analyzers/base/encoded_blocks.hpp"
#include "analyzers/mime/transfer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern;
    using analyzers::Encoding;
    const ByteView bytes = std::as_bytes(std::span{data, size});
    const std::string_view text = as_text(bytes);
    for (const Encoding encoding :
         {Encoding::Identity, Encoding::Base64, Encoding::QuotedPrintable, Encoding::Uuencode}) {
        const auto readings = analyzers::decode_readings(text, encoding);
        if (readings.empty()) std::abort();
        for (const std::string& reading : readings) {
            if (reading.size() > size + 3) std::abort();
        }
    }
    const std::string encoded = base64_encode(bytes);
    if (base64_decode(encoded) != text) std::abort();
    if (base64_readings(encoded) != std::vector<std::string>{std::string(text)}) std::abort();
    if (const auto strict = base64_decode(text)) {
        if (base64_encode(as_bytes(*strict)) != text) std::abort();
    }
    std::size_t total = 0;
    for (const auto& block : find_encoded_blocks(text, 4096).blocks) total += block.bytes.size();
    if (total > 4096) std::abort();
    return 0;
}
