// Any bytes as a message: the same twice, no part from nowhere, no more output than the input
// allows.
#include <cstdint>
#include <cstdlib>

#include "analyzers/mime/mime.hpp"

namespace {

using postern::ByteView;
using namespace postern::analyzers;

Analysis read(ByteView message) {
    Limits limits;
    limits.milliseconds = 3600000;  // so that a slow machine changes nothing
    Budget budget(limits);
    return mime_analyze({.bytes = message,
                         .type = "mail",
                         .mime = "message/rfc822",
                         .name = {},
                         .declared_mime = {}},
                        budget);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView message = std::as_bytes(std::span{data, size});
    const Analysis first = read(message);
    const Analysis second = read(message);
    if (first.children.size() != second.children.size()) std::abort();
    std::size_t total = 0;
    for (std::size_t i = 0; i < first.children.size(); ++i) {
        const Child& child = first.children[i];
        if (child.bytes != second.children[i].bytes || child.flags != second.children[i].flags)
            std::abort();
        // BinHex run lengths are the only thing that grows.
        if (child.relation == Relation::Part && child.bytes.size() > size + 3) std::abort();
        total += child.bytes.size();
    }
    if (first.children.size() > kMaxParts || total > (size + 1) * 2000) std::abort();
    return 0;
}
