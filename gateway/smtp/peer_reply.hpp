#pragma once

/// @file What a server answers, read strictly and within limits (RFC 5321 4.2, RFC 2034). The
/// server is ours by configuration only: its text ends up in replies and logs, so it is filtered
/// here.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"

namespace postern::smtp {

/// One reply of a server, fit to be passed on.
struct PeerReply {
    int code = 0;               ///< 200 to 599
    std::string enhanced = {};  ///< "2.1.5"; of the same class as the code, never empty
    std::string text = {};      ///< lines joined by a space, printable ASCII, at most kMaxReplyText

    [[nodiscard]] bool positive() const { return code < 400; }
    [[nodiscard]] bool temporary() const { return code >= 400 && code < 500; }
    [[nodiscard]] bool permanent() const { return code >= 500; }
    /// Code excluded: "2.1.5 Recipient ok".
    [[nodiscard]] std::string words() const;

    friend bool operator==(const PeerReply&, const PeerReply&) = default;
};

/// Bytes of PeerReply::text: leaves room for code, enhanced code and trace id in a reply of 400.
inline constexpr std::size_t kMaxReplyText = 340;

/// A reply as it came: `lines` without code, separator and CRLF.
struct RawReply {
    int code = 0;
    std::vector<std::string> lines = {};
};

/// The reply filtered. An enhanced code that is absent or of another class becomes "C.0.0".
[[nodiscard]] PeerReply clean_reply(const RawReply& reply);

enum class ReplyError { LineTooLong, TooManyLines, TooLong, NotAReply, CodesDiffer, LineEnd };
/// A sentence for the operator.
[[nodiscard]] std::string_view explain(ReplyError error);

/// What one reply may cost us.
struct ReplyLimits {
    std::size_t line = 2048;         ///< bytes, CRLF included; RFC 5321 4.5.3.1.5 says 512
    std::size_t lines = 100;         ///< of one reply
    std::size_t total = 32U << 10U;  ///< bytes of one reply
};

/// Cuts what a server sends into replies. The result does not depend on how bytes were cut.
class ReplyReader {
public:
    explicit ReplyReader(ReplyLimits limits = {}) : limits_(limits) {}

    void feed(std::string_view bytes) { input_ += bytes; }
    /// nullopt: more bytes are needed. After an error, the same error again.
    [[nodiscard]] std::optional<Outcome<RawReply, ReplyError>> next();
    /// Bytes that no reply has used yet.
    [[nodiscard]] bool has_leftover() const { return !input_.empty() || !partial_.lines.empty(); }
    void forget();

private:
    Outcome<bool, ReplyError> take_line(std::string_view line);
    Failure<ReplyError> fail(ReplyError error);

    ReplyLimits limits_;
    std::string input_;
    RawReply partial_;
    std::size_t partial_size_ = 0;
    std::optional<ReplyError> failed_;
};

}  // namespace postern::smtp
