#include "gateway/smtp/data_reader.hpp"

#include <algorithm>
#include <cstring>

namespace postern::smtp {

// Only CRLF . CRLF ends the data. Accepting LF . CRLF or LF . LF as well is what makes two servers
// disagree about where one message ends: SMTP smuggling.
DataReader::Step DataReader::take(std::span<char> input) {
    constexpr std::string_view kEnd = ".\r\n";
    input = input.first(std::min(input.size(), kMaxChunk));
    const std::string_view bytes(input.data(), input.size());
    std::size_t read = 0;
    std::size_t written = 0;
    bool end = false;
    while (read < bytes.size()) {
        if (at_line_start_) {
            const std::string_view rest = bytes.substr(read);
            if (rest.starts_with(kEnd)) {
                read += kEnd.size();
                end = true;
                break;
            }
            if (kEnd.starts_with(rest)) break;  // may become the end: wait for more
            if (rest.front() == '.') ++read;
            at_line_start_ = false;
        }
        const std::string_view rest = bytes.substr(read);
        const std::size_t lf = rest.find('\n');
        const bool whole = lf != std::string_view::npos;
        // A CR at the very end waits for what comes behind it: never cut CRLF in two.
        const std::size_t length =
            whole ? lf + 1 : rest.size() - (rest.ends_with('\r') ? std::size_t{1} : 0);
        if (length == 0) break;
        const std::string_view segment = rest.substr(0, length);
        rules_.take(segment);
        at_line_start_ = whole && segment.ends_with("\r\n");
        if (written != read) std::memmove(&input[written], segment.data(), length);
        written += length;
        read += length;
    }
    return {read, rules_.clean() ? bytes.substr(0, written) : std::string_view(), end};
}

}  // namespace postern::smtp
