#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "analyzers/base/bytes.hpp"

namespace postern {

/// SHA-256 (FIPS 180-4) of bytes that come in pieces.
class Sha256Stream {
public:
    Sha256Stream();
    ~Sha256Stream();
    Sha256Stream(Sha256Stream&&) noexcept;
    Sha256Stream& operator=(Sha256Stream&&) noexcept;
    Sha256Stream(const Sha256Stream&) = delete;
    Sha256Stream& operator=(const Sha256Stream&) = delete;

    void update(std::string_view bytes);
    /// 64 lower-case hexadecimal digits. Ends the stream: call it once.
    [[nodiscard]] std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The digest of `bytes`, 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(ByteView bytes);

/// Lower-case hexadecimal digits, two for each byte.
[[nodiscard]] std::string to_hex(ByteView bytes);

}  // namespace postern
