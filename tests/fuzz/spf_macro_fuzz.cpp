/// @file Any text as a macro string: refused, or expanded to a name and a text within their bounds.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/auth/spf/macro.hpp"
#include "gateway/auth/spf/names.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using postern::auth::spf::MacroString;
    const std::string text(data, data + size);
    const auto values = [](char letter) {
        return letter == 'l' ? std::string("strong-bad+x_y=z") : std::string("email.example.com");
    };
    if (const auto spec = MacroString::parse_domain_spec(text)) {
        if (spec->expand_name(values).size() > 253) std::abort();
        if (!MacroString::parse_macro_string(text)) std::abort();  // the wider grammar
    }
    if (const auto explanation = MacroString::parse_explanation(text)) {
        if (explanation->expand_text(values, 300).size() > 300) std::abort();
    } else if (MacroString::parse_macro_string(text)) {
        std::abort();  // every macro-string is an explain-string
    }
    return 0;
}
