#pragma once

/// @file The header block of a message as it came, cut into fields. It never fails: hostile bytes
/// become fields with flaws, so that whoever decides can see them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::mail {

/// What is wrong with a field, or with a block; bits.
inline constexpr std::uint16_t kNoColon =
    1;  ///< a line that is no field; programs differ: skipped, or end of header
inline constexpr std::uint16_t kBlankBeforeColon = 2;  ///< "From : x" (RFC 5322 4.5.8, obsolete)
inline constexpr std::uint16_t kBadName = 4;  ///< empty, or has bytes outside 33-126 (RFC 5322 2.2)
inline constexpr std::uint16_t kBareLf = 8;   ///< a line ends without CR
inline constexpr std::uint16_t kBareCr = 16;  ///< a CR that ends no line
inline constexpr std::uint16_t kNul = 32;     ///< a NUL
inline constexpr std::uint16_t kEightBit = 64;  ///< a byte above 127: RFC 6532, or broken
inline constexpr std::uint16_t kBlankLine =
    128;  ///< a folded line of blanks only: some programs end the header there
inline constexpr std::uint16_t kLongLine = 256;     ///< more than 998 bytes (RFC 5322 2.1.1)
inline constexpr std::uint16_t kNoEmptyLine = 512;  ///< block only: it ends without the empty line
inline constexpr std::uint16_t kStartsFolded =
    1024;  ///< the first line begins with a blank: it continues nothing
inline constexpr std::uint16_t kTooManyFields =
    2048;  ///< block only: fields beyond the limit were not read

/// A view into the block; lives as long as the block's bytes.
struct HeaderField {
    std::string_view name;   ///< as written, without blanks before the colon; empty: kNoColon
    std::string_view raw;    ///< all of it, line ends included
    std::string_view value;  ///< behind the colon, folds included, without the last line end
    std::size_t offset = 0;  ///< of `raw` in the block, bytes
    std::uint16_t flaws = 0;

    /// True when the name is this one, in any case.
    [[nodiscard]] bool is(std::string_view other) const;
    /// `value` on one line: line ends removed (RFC 5322 2.2.3), blanks at both ends as well.
    [[nodiscard]] std::string unfolded() const;
};

/// Does not own the bytes. Time and memory grow linearly with them (24 bytes for each field).
class HeaderBlock {
public:
    static constexpr std::size_t kMaxFields = std::size_t{1} << 20U;

    /// Reads fields up to and with the first empty line. What stands behind it is not looked at.
    /// A line ends with LF, with or without CR before it: that is how mail programs read.
    explicit HeaderBlock(std::string_view bytes, std::size_t max_fields = kMaxFields);

    [[nodiscard]] std::size_t count() const { return fields_.size(); }
    /// In the order of the block; `index` is below count().
    [[nodiscard]] HeaderField operator[](std::size_t index) const;
    /// Of the whole block, fields included.
    [[nodiscard]] std::uint16_t flaws() const { return flaws_; }
    /// Bytes up to and with the empty line: where the body begins.
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::string_view bytes() const { return bytes_.substr(0, size_); }

    /// All fields of this name, any case, top to bottom.
    [[nodiscard]] std::vector<HeaderField> all(std::string_view name) const;
    [[nodiscard]] std::size_t count(std::string_view name) const;

private:
    struct Entry {
        std::uint64_t offset = 0;
        std::uint32_t size = 0;
        std::uint32_t colon = 0;  ///< from `offset`; `size` when there is none
        std::uint32_t name_size = 0;
        std::uint16_t flaws = 0;
    };

    void add(std::size_t begin, std::size_t end, std::uint16_t flaws);

    std::string_view bytes_;
    std::size_t size_ = 0;
    std::uint16_t flaws_ = 0;
    std::vector<Entry> fields_;
};

}  // namespace postern::mail
