#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::spool {

/// Keeps the header block of a message that comes in pieces: up to and with the first empty line.
class HeaderCapture {
public:
    explicit HeaderCapture(std::size_t max_size) : max_size_(max_size) {}

    /// How many of the bytes were header: all of them until it is complete, none afterwards.
    std::size_t append(std::string_view bytes);
    /// The empty line has come, or max_size was reached.
    [[nodiscard]] bool complete() const { return complete_; }
    [[nodiscard]] const std::string& block() const { return block_; }
    [[nodiscard]] std::string take() { return std::move(block_); }

private:
    std::size_t max_size_;
    bool complete_ = false;
    std::string block_;
};

/// How many Received fields a header block has.
[[nodiscard]] unsigned count_hops(std::string_view header);

}  // namespace postern::spool
