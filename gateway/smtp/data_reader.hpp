#pragma once

/// @file The message behind DATA, as bytes come (RFC 5321 4.5.2).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/smtp/content_rules.hpp"
#include "gateway/smtp/event.hpp"

namespace postern::smtp {

/// Finds the end of the data, takes the stuffed dots out and looks for what no message may hold.
/// Constant memory; the result does not depend on how the bytes were cut.
class DataReader {
public:
    static constexpr std::size_t kMaxChunk = std::size_t{64} << 10U;

    explicit DataReader(const ContentLimits& limits) : rules_(limits) {}

    struct Step {
        std::size_t consumed = 0;     ///< of the input, from its start; 0: more bytes are needed
        std::string_view chunk = {};  ///< inside the input; empty once there is a defect
        bool end = false;             ///< CRLF . CRLF was consumed
    };
    /// Unstuffs in place: consumed bytes of `input` are overwritten.
    Step take(std::span<char> input);

    [[nodiscard]] std::uint64_t size() const { return rules_.size(); }
    [[nodiscard]] std::optional<DataDefect> defect() const { return rules_.defect(); }

private:
    ContentRules rules_;
    bool at_line_start_ = true;  ///< where a dot means something: behind CRLF only
};

}  // namespace postern::smtp
