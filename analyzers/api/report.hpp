#pragma once

/// @file What one jailed worker says of one message. It crosses the wall as codec.hpp writes it and
/// is hostile input to whoever reads it: bounded, parsed strictly, cleaned before it is shown.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzers/api/dmarc_report.hpp"
#include "analyzers/api/finding.hpp"

namespace postern::analyzers {

/// How an object came out of its parent.
enum class Relation : std::uint8_t { Root, Part, Extracted, Decoded };

struct Object {
    std::optional<std::uint32_t> parent;  ///< index into Report::objects, smaller than its own
    Relation relation = Relation::Root;
    std::string path;                ///< "message/2:invoice.zip/1:invoice.js"
    std::string name;                ///< as the parent names it, cleaned; may be empty
    std::uint64_t size = 0;          ///< bytes
    std::string type;                ///< short name from analyzers/taste, "javascript"
    std::string mime;                ///< media type that goes with `type`
    std::string declared_mime;       ///< media type its container claims; empty: none
    std::string sha256;              ///< 64 lower-case hexadecimal digits
    std::vector<std::string> flags;  ///< "encrypted", "truncated", "type-mismatch", ...

    friend bool operator==(const Object&, const Object&) = default;
};

struct Url {
    std::string url;         ///< as written, after HTML and transfer decoding
    std::string normalized;  ///< scheme and host in lower case, escapes of unreserved undone
    std::string host;
    std::uint32_t object = 0;        ///< where it stood
    std::string where;               ///< "html.a.href", "text"
    std::vector<std::string> flags;  ///< "ip-host", "userinfo", "text-mismatch", ...

    friend bool operator==(const Url&, const Url&) = default;
};

enum class Limit : std::uint8_t { Depth, Objects, Bytes, Ratio, Time, Memory, Names };

/// A limit that was hit: what lies beyond it was not looked at.
struct LimitHit {
    Limit limit = Limit::Depth;
    std::optional<std::uint32_t> object;
    std::uint64_t configured = 0;
    std::uint64_t observed = 0;  ///< at least this much

    friend bool operator==(const LimitHit&, const LimitHit&) = default;
};

enum class ErrorCode : std::uint8_t { Crash, Timeout, Unsupported, Corrupt, Encrypted, Resource };

/// Something that should have been read and was not.
struct AnalysisError {
    std::optional<std::uint32_t> object;
    std::string analyzer;  ///< "archive", "clamav", "jail", ...
    ErrorCode code = ErrorCode::Unsupported;
    std::string detail;

    friend bool operator==(const AnalysisError&, const AnalysisError&) = default;
};

/// The fields of the message's own header block that a reviewer wants to see; decoded, cleaned.
struct MessageFacts {
    std::string subject;
    std::vector<std::string> from;        ///< addresses of the From field
    std::vector<std::string> from_names;  ///< what is shown beside each of them; may be empty
    std::vector<std::string> reply_to;    ///< addresses of the first Reply-To field
    std::string message_id;
    std::string headers;  ///< the header block, as text, at most kMaxHeaders bytes
    std::string preview;  ///< text of the message as the jail read it, at most kMaxPreview bytes

    friend bool operator==(const MessageFacts&, const MessageFacts&) = default;
};
inline constexpr std::size_t kMaxHeaders = 32 << 10;
inline constexpr std::size_t kMaxPreview = 32 << 10;
inline constexpr std::size_t kMaxReport = std::size_t{1} << 20;  ///< encoded, bytes

struct Report {
    MessageFacts message;
    std::vector<Object> objects;  ///< [0] is the root; parents come before children
    std::vector<Url> urls;
    std::vector<LimitHit> limits;
    std::vector<AnalysisError> errors;
    std::vector<Finding> findings;
    std::vector<DmarcReport> dmarc_reports;

    /// False as soon as a limit was hit or something failed: such a message is never clean.
    [[nodiscard]] bool complete() const { return limits.empty() && errors.empty(); }

    friend bool operator==(const Report&, const Report&) = default;
};

}  // namespace postern::analyzers
