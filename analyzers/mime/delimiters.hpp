#pragma once

/// @file Lines that start with "--": where multiparts may be cut.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace postern::analyzers {

/// A run of the message, by offsets.
struct Region {
    std::size_t begin = 0;
    std::size_t end = 0;
};

struct DashLine {
    std::size_t begin = 0;  ///< of the "--"
    std::size_t end = 0;    ///< of the line, its line end not included
    std::size_t next = 0;   ///< of the line after it
    bool apparent = false;  ///< a Content- field follows, so some reader may cut here
    bool used = false;      ///< the regular reading cuts here
};

/// All such lines of one text, found once: cutting a region then costs no second pass over it.
class DashLines {
public:
    explicit DashLines(std::string_view text);

    /// Those that begin inside `region`.
    [[nodiscard]] std::span<DashLine> within(Region region);
    [[nodiscard]] std::string_view text(const DashLine& line) const {
        return text_.substr(line.begin + 2, line.end - line.begin - 2);
    }
    /// Where the content before a delimiter ends: the line end in front of it belongs to it.
    [[nodiscard]] std::size_t content_end(const DashLine& line, std::size_t not_before) const;

private:
    std::string_view text_;
    std::vector<DashLine> lines_;
};

struct Cut {
    std::vector<Region> parts;
    Region preamble;
    Region epilogue;  ///< empty if the multipart was not closed
    bool closed = false;
    bool loose = false;  ///< the boundary is followed by something else, where readers differ
};

/// Cuts `region` at the lines that are "--" and `boundary`, up to the closing one (RFC 2046,
/// section 5.1.1), and marks them as used.
[[nodiscard]] Cut cut_multipart(DashLines& lines, Region region, std::string_view boundary);

}  // namespace postern::analyzers
