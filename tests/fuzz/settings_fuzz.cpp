/// @file Any text: it is refused with a sentence that names the file, or what it means can be
/// written down and read again to mean the same.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/settings.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern::settings;
    const std::string toml(data, data + size);
    try {
        if (parse(toml, "f").effective.empty()) std::abort();
    } catch (const ConfigError& error) {
        if (!std::string(error.what()).starts_with("f")) std::abort();
    }
    return 0;
}
