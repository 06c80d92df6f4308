#pragma once

/// @file Random bits that nobody on the network can guess, from the kernel.

#include <sys/random.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "analyzers/base/ascii.hpp"

namespace postern::dns {

class Dice {
public:
    std::uint8_t byte() {
        if (next_ == bytes_.size()) {
            // At most 256 bytes come whole or not at all, see getrandom(2).
            if (getrandom(bytes_.data(), bytes_.size(), 0) != static_cast<ssize_t>(bytes_.size())) {
                throw std::runtime_error("the system gives no random numbers");
            }
            next_ = 0;
        }
        return bytes_.at(next_++);
    }
    std::uint16_t id() { return static_cast<std::uint16_t>(byte() << 8U | byte()); }

    /// Each letter large or small: a forger has to guess them as well as id and port.
    void scramble_case(std::string& name) {
        unsigned bits = 0;
        unsigned left = 0;
        for (char& c : name) {
            if (!ascii_alpha(c)) continue;
            if (left == 0) {
                bits = byte();
                left = 8;
            }
            if ((bits & 1U) != 0) c = static_cast<char>(c ^ ' ');
            bits >>= 1U;
            --left;
        }
    }

private:
    std::array<std::uint8_t, 256> bytes_{};
    std::size_t next_ = bytes_.size();
};

}  // namespace postern::dns
