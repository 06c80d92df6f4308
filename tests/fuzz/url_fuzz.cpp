// Any text as a URL: the normal form is its own normal form, and the host is one that can be asked
// for.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "analyzers/base/bytes.hpp"
#include "analyzers/url/url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern;
    const std::string_view text = as_text(std::as_bytes(std::span{data, size}));
    const auto url = analyzers::parse_url(text);
    if (!url) return 0;
    for (const char c : url->host) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte >= 0x7F || c == '/' || c == '@') std::abort();
    }
    if (url->host.empty() || url->normalized.size() > analyzers::kMaxUrl) return 0;
    const auto again = analyzers::parse_url(url->normalized);
    if (!again || again->host != url->host || again->normalized != url->normalized) std::abort();
    return 0;
}
