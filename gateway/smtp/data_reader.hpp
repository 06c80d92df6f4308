#pragma once

/// @file The message behind DATA, as bytes come (RFC 5321 4.5.2).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/smtp/event.hpp"

namespace postern::smtp {

/// Finds the end of the data, takes the stuffed dots out and looks for what no message may hold.
/// Constant memory; the result does not depend on how the bytes were cut.
class DataReader {
public:
    struct Limits {
        std::uint64_t size;    ///< bytes, unstuffed
        std::uint64_t header;  ///< bytes up to and with the empty line
        std::uint64_t line;    ///< bytes without CRLF; 0: any
    };
    static constexpr std::size_t kMaxChunk = std::size_t{64} << 10U;

    explicit DataReader(const Limits& limits) : limits_(limits) {}

    struct Step {
        std::size_t consumed = 0;     ///< of the input, from its start; 0: more bytes are needed
        std::string_view chunk = {};  ///< inside the input; empty once there is a defect
        bool end = false;             ///< CRLF . CRLF was consumed
    };
    /// Unstuffs in place: consumed bytes of `input` are overwritten.
    Step take(std::span<char> input);

    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// The gravest one, in the order of DataDefect.
    [[nodiscard]] std::optional<DataDefect> defect() const;

private:
    void examine(std::string_view segment, bool whole_line);
    void note(DataDefect defect) { defects_ |= 1U << static_cast<unsigned>(defect); }

    Limits limits_;
    std::uint64_t size_ = 0;
    std::uint64_t header_size_ = 0;
    std::uint64_t line_size_ = 0;
    unsigned defects_ = 0;
    bool in_header_ = true;
    bool at_line_start_ = true;  ///< where a dot means something: behind CRLF only
};

}  // namespace postern::smtp
