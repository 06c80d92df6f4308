#pragma once

/// @file Everything about a message that is signed, gathered in one pass over it: what the spool
/// feeds while DATA comes, and the command line from a file.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "gateway/auth/arc/verify.hpp"
#include "gateway/auth/dkim/verify.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/dns/inquiry.hpp"

namespace postern::auth::arc {

struct IntakeLimits {
    dkim::VerifyLimits dkim;
    std::size_t max_header = std::size_t{16} << 20U;  ///< bytes; feed_file() reads no more
    /// More kinds of body hash than the signatures ask for: what a signer of ours will need.
    std::vector<dkim::BodyHashKind> more;
};

/// header() once, body() any number of times, end() once; then dkim() and arc(). Not thread-safe,
/// but the calls may come from different threads one after the other.
class SignedMessage {
public:
    /// `now` is seconds since 1970.
    SignedMessage(const IntakeLimits& limits, std::uint64_t now);
    ~SignedMessage();
    SignedMessage(SignedMessage&&) noexcept;
    SignedMessage& operator=(SignedMessage&&) noexcept;
    SignedMessage(const SignedMessage&) = delete;
    SignedMessage& operator=(const SignedMessage&) = delete;

    /// The header block with its empty line; copied.
    void header(std::string_view block);
    void body(std::string_view chunk);
    void end();

    [[nodiscard]] const IntakeLimits& limits() const;
    /// After header().
    [[nodiscard]] const mail::HeaderBlock& block() const;
    /// Starts the look-ups of all keys; may be called as soon as the header is known.
    void prefetch(dns::Inquiry& inquiry) const;
    /// After end(). Block on look-ups.
    [[nodiscard]] std::vector<Dkim> dkim(dns::Inquiry& inquiry) const;
    [[nodiscard]] Arc arc(dns::Inquiry& inquiry) const;
    /// After end().
    [[nodiscard]] const dkim::BodyHasher& bodies() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// What a bare LF in a file means. AsOnTheWire: a byte like any other. AsLineEnd: CRLF, as mail
/// is kept on Unix. Guess: AsLineEnd unless the first line ends with CRLF.
enum class LineEnds : std::uint8_t { AsOnTheWire, AsLineEnd, Guess };

enum class FeedError : std::uint8_t { CannotRead, HeaderTooBig };

/// Reads the message from the descriptor's current offset to its end and feeds it. Holds the header
/// and one piece of the body at a time.
Outcome<Done, FeedError> feed_file(SignedMessage& message, int file, LineEnds line_ends);
/// The same from memory.
Outcome<Done, FeedError> feed_text(SignedMessage& message, std::string_view text,
                                   LineEnds line_ends);

}  // namespace postern::auth::arc
