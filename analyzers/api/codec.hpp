#pragma once

/// @file A Report as bytes: how it crosses the wall of the jail.
///
///     report  = magic version length body           ; u32, u32, u64: length of body
///     body    = message objects urls limits errors findings dmarc-reports
///     section = tag count *entry                    ; u8, u32; message: tag and its fields
///     text    = length bytes                        ; u32; UTF-8
///
/// All integers are little-endian. Fields stand in the order of report.hpp. README.md has the whole
/// grammar. Whoever decodes treats every byte as hostile.

#include <cstdint>
#include <string>
#include <string_view>

#include "analyzers/api/report.hpp"
#include "analyzers/base/outcome.hpp"

namespace postern::analyzers {

inline constexpr std::size_t kReportHeader = 16;    ///< magic, version, length; bytes
inline constexpr std::size_t kMaxText = 16 << 10;   ///< any text without a limit of its own
inline constexpr std::size_t kMaxListEntries = 64;  ///< flags or techniques of one entry
inline constexpr std::size_t kMaxFromAddresses = 64;
inline constexpr double kMaxScore = 100;  ///< of one finding, either way

/// Why bytes are no report.
enum class CodecError : std::uint8_t {
    TooLong,    ///< over kMaxReport
    Truncated,  ///< ends inside a field, or before the announced length
    Trailing,   ///< bytes after the end
    BadMagic,
    BadVersion,
    BadTag,        ///< a section that is unknown, missing or out of order
    BadCount,      ///< more entries than can follow or than are allowed
    BadText,       ///< no UTF-8, or over its limit
    BadReference,  ///< an object that does not exist, or a parent that does not come before
    BadDigest,     ///< not 64 lower-case hexadecimal digits
    BadValue,      ///< an enumerator, flag or number out of range
};
[[nodiscard]] std::string_view describe(CodecError error);

/// At most kMaxReport bytes, and always something decode() accepts. What does not fit is left out,
/// rows of DMARC reports first (DmarcReport::left_out says how many), then URLs, then objects (what
/// referred to one then refers to its nearest kept ancestor), then errors and findings from the
/// end; every cut but that of rows adds a LimitHit, so that complete() is false. Text that is no
/// UTF-8 or over its limit is cleaned and cut. A report without objects, or one that refers to
/// objects it does not have, is a bug of the caller: aborts.
[[nodiscard]] std::string encode(Report report);

/// The report in `framed`, which has to hold exactly one.
[[nodiscard]] Outcome<Report, CodecError> decode(std::string_view framed);

}  // namespace postern::analyzers
