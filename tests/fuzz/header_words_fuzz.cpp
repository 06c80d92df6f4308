// RFC 2047 words and RFC 2231 parameters of any bytes: bounded output, and text without words
// stays.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "analyzers/base/bytes.hpp"
#include "analyzers/base/clean_text.hpp"
#include "analyzers/mime/header_words.hpp"
#include "analyzers/mime/parameters.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern;
    const std::string_view text = as_text(std::as_bytes(std::span{data, size}));
    const std::string decoded = analyzers::decode_words(text);
    if (decoded.size() > 6 * size + 6) std::abort();
    if (is_utf8(text) && text.find("=?") == std::string_view::npos && decoded != text) std::abort();
    const analyzers::ParameterList list = analyzers::read_parameters(text);
    for (const auto& parameter : list.parameters) {
        if (parameter.value.size() > size) std::abort();
    }
    for (const char* name : {"boundary", "filename", "name"}) {
        for (const std::string& value : list.all(name)) {
            if (value.empty() || value.size() > 3 * size + 3) std::abort();
        }
    }
    return 0;
}
