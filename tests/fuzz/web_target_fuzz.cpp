// Whatever a request line asks for, what comes out is a clean path: no way up, no control
// character, and the same again when it is read once more.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analyzers/base/clean_text.hpp"
#include "web/server/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const void* bytes = data;
    const std::string_view text(static_cast<const char*>(bytes), size);
    const auto target = postern::web::parse_target(text);
    if (!target) return 0;
    const std::string& path = target->path;
    if (text.size() > postern::web::kMaxTarget || path.front() != '/') std::abort();
    if ((path + "/").find("/../") != std::string::npos || !postern::is_utf8(path)) std::abort();
    if (path.find("//") != std::string::npos) std::abort();
    for (const char c : path) {
        if (static_cast<unsigned char>(c) < 0x20) std::abort();
    }
    if (target->query.size() > postern::web::kMaxQueryFields) std::abort();
    return 0;
}
