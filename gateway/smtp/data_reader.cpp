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
        examine(segment, whole);
        at_line_start_ = whole && segment.ends_with("\r\n");
        if (written != read) std::memmove(&input[written], segment.data(), length);
        written += length;
        read += length;
    }
    const bool clean = defects_ == 0;
    return {read, clean ? bytes.substr(0, written) : std::string_view(), end};
}

void DataReader::examine(std::string_view segment, bool whole_line) {
    size_ += segment.size();
    if (size_ > limits_.size) note(DataDefect::TooBig);

    const std::size_t cr = segment.find('\r');
    const std::size_t want = whole_line ? segment.size() - 2 : std::string_view::npos;
    if (cr != want || (whole_line && segment.size() < 2)) note(DataDefect::BareLineEnd);
    if (segment.find('\0') != std::string_view::npos) note(DataDefect::Nul);

    if (in_header_) {
        header_size_ += segment.size();
        if (header_size_ > limits_.header) note(DataDefect::HeaderTooBig);
        if (line_size_ == 0 && segment == "\r\n") in_header_ = false;
    }
    const bool line_end = whole_line && segment.ends_with("\r\n");
    line_size_ += segment.size() - (line_end ? std::size_t{2} : 0);
    if (limits_.line != 0 && line_size_ > limits_.line) note(DataDefect::LineTooLong);
    if (line_end) line_size_ = 0;
}

std::optional<DataDefect> DataReader::defect() const {
    for (unsigned bit = 0; bit <= static_cast<unsigned>(DataDefect::LineTooLong); ++bit) {
        if ((defects_ & (1U << bit)) != 0) return static_cast<DataDefect>(bit);
    }
    return std::nullopt;
}

}  // namespace postern::smtp
