#pragma once

/// @file Text of any charset as UTF-8.

#include <memory>
#include <string>
#include <string_view>

namespace postern {

/// `bytes` in the charset called `name` (any case, as mail names it), as UTF-8. UTF-8, ASCII,
/// ISO-8859-1 and -15, Windows-1252 and UTF-16 are built in; about thirty others that mail uses go
/// to iconv; a name nobody knows, or none, is UTF-8 if the bytes are, else Windows-1252. What is
/// not text in its charset becomes U+FFFD. The output is at most three times as long as `bytes`
/// and three bytes.
[[nodiscard]] std::string to_utf8(std::string_view bytes, std::string_view name);

/// Makes tables of the charsets that iconv does, in a child process: inside the jail nothing can be
/// loaded, and loaded modules would be copied by every fork. While one lives, to_utf8() goes by
/// them (GB18030's and EUC-JP's longer characters become U+FFFD). Make it before the first fork.
class CharsetWarmUp {
public:
    CharsetWarmUp();
    ~CharsetWarmUp();
    CharsetWarmUp(const CharsetWarmUp&) = delete;
    CharsetWarmUp& operator=(const CharsetWarmUp&) = delete;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace postern
