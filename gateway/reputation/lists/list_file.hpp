#pragma once

/// @file List files of the operator: read whole or not at all.

#include <compare>
#include <cstdint>
#include <string>

#include "analyzers/base/outcome.hpp"
#include "gateway/reputation/lists/list_set.hpp"
#include "gateway/reputation/lists/list_text.hpp"

namespace postern::reputation {

/// Which state of a file has been read. A file that changes has another.
struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified = 0;  ///< nanoseconds since 1970
    std::int64_t changed = 0;   ///< of the inode, likewise

    friend auto operator<=>(const FileStamp&, const FileStamp&) = default;
};

/// All zero: there is no such file.
[[nodiscard]] FileStamp stamp_of(const std::string& path);

struct FileText {
    std::string text;
    FileStamp stamp;
};
/// Reads a regular file of at most `max_size` bytes. A failure also when it changed meanwhile:
/// "PATH: what is wrong".
[[nodiscard]] Outcome<FileText, std::string> read_file(const std::string& path,
                                                       std::uint64_t max_size);

/// The list in `text`. The failure names the first bad line: "NAME:LINE: what is wrong".
[[nodiscard]] Outcome<ListSet, std::string> parse_list(std::string_view text,
                                                       const std::string& name,
                                                       const ListFormat& format);

}  // namespace postern::reputation
