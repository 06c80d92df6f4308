// Any bytes as text: the same twice; every URL stands in the text.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "analyzers/text/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern;
    using namespace postern::analyzers;
    const ByteView bytes = std::as_bytes(std::span{data, size});
    Limits limits;
    limits.milliseconds = 3600000;
    Budget budget(limits);
    const Analysis analysis = text_analyze(
        {.bytes = bytes, .type = "text", .mime = "text/plain", .name = {}, .declared_mime = {}},
        budget);
    for (const FoundUrl& url : analysis.urls) {
        const bool completed = !url.flags.empty();
        const std::string_view written = std::string_view(url.url).substr(completed ? 7 : 0);
        if (written.empty() || analysis.text.find(written) == std::string::npos) std::abort();
    }
    return 0;
}
