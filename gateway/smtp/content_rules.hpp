#pragma once

/// @file What no message may hold, however it comes: behind DATA or in the chunks of BDAT.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/smtp/event.hpp"

namespace postern::smtp {

struct ContentLimits {
    std::uint64_t size;    ///< bytes, unstuffed
    std::uint64_t header;  ///< bytes up to and with the empty line
    std::uint64_t line;    ///< bytes without CRLF; 0: any
};

/// Looks at the bytes of one message as they come. Constant memory; the result does not depend on
/// how the bytes were cut.
class ContentRules {
public:
    explicit ContentRules(const ContentLimits& limits) : limits_(limits) {}

    void take(std::string_view bytes);
    /// No more bytes come: a CR at the very end was one alone.
    void end();

    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// True in front of the first byte and behind CRLF.
    [[nodiscard]] bool at_line_start() const { return line_size_ == 0 && !after_cr_; }
    [[nodiscard]] bool clean() const { return defects_ == 0; }
    /// The gravest one, in the order of DataDefect.
    [[nodiscard]] std::optional<DataDefect> defect() const;

private:
    void take_part(std::string_view part);
    void end_line();
    void note(DataDefect defect) { defects_ |= 1U << static_cast<unsigned>(defect); }

    ContentLimits limits_;
    std::uint64_t size_ = 0;
    std::uint64_t header_size_ = 0;
    std::uint64_t line_size_ = 0;  ///< a CR that may belong to a CRLF not counted
    unsigned defects_ = 0;
    bool in_header_ = true;
    bool after_cr_ = false;
};

}  // namespace postern::smtp
