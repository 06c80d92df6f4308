#pragma once

/// @file The hashes of a message's body, computed while it passes by; the body is never held.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace postern::auth::dkim {

/// RFC 6376 3.4.
enum class Canonicalization : std::uint8_t { Simple, Relaxed };

using Sha256Digest = std::array<unsigned char, 32>;

/// What a signature says about its body hash: c= and l=.
struct BodyHashKind {
    Canonicalization canonicalization = Canonicalization::Simple;
    std::optional<std::uint64_t> length;  ///< l=, bytes of the canonical body; nullopt: all

    friend auto operator<=>(const BodyHashKind&, const BodyHashKind&) = default;
};

struct BodyHash {
    Sha256Digest digest{};
    std::uint64_t body_size = 0;  ///< of the whole canonical body, bytes
    /// l= is more than there is (RFC 6376 3.5: it MUST NOT be); `digest` is then of all there is.
    bool too_short = false;
    bool partial = false;  ///< bytes beyond l= were not hashed
};

/// Takes the body in pieces of any size; how it was cut never changes a hash. One pass and at most
/// two SHA-256 streams, whatever the number of kinds.
class BodyHasher {
public:
    explicit BodyHasher(const std::vector<BodyHashKind>& kinds);
    ~BodyHasher();
    BodyHasher(BodyHasher&&) noexcept;
    BodyHasher& operator=(BodyHasher&&) noexcept;
    BodyHasher(const BodyHasher&) = delete;
    BodyHasher& operator=(const BodyHasher&) = delete;

    void update(std::string_view chunk);
    /// Ends the body. Call once, after the last update().
    void finish();
    /// After finish(). nullopt: this kind was not asked for.
    [[nodiscard]] std::optional<BodyHash> find(const BodyHashKind& kind) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace postern::auth::dkim
