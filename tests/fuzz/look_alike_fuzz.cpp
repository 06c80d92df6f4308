/// @file Any text has a skeleton, which is its own skeleton's; any two domains have a likeness.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "gateway/auth/impersonation/look_alike.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern::auth;
    const std::string text(data, data + size);
    const std::string shape = skeleton(text);
    if (text.size() < 1000 && shape.size() < 1000 && skeleton(text) != shape) std::abort();
    (void)name_words(text);
    const std::size_t half = size / 2;
    const BrandDomain seen = brand_of(std::string_view(text).substr(0, half));
    const BrandDomain ours = brand_of(std::string_view(text).substr(half));
    if (likeness(seen, seen) != Likeness::None) std::abort();
    (void)likeness(seen, ours);
    return 0;
}
