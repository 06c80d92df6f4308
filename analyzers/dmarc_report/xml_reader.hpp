#pragma once

/// @file XML as events. Private to this folder: expat stays in xml_reader.cpp.

#include <string_view>

#include "analyzers/api/limits.hpp"

namespace postern::analyzers {

/// Who hears what is in a document. Each answer false stops the reading. Views hold until the
/// call returns.
class XmlSink {
public:
    virtual ~XmlSink() = default;
    /// `space` is the namespace, empty for none; `name` has no prefix.
    [[nodiscard]] virtual bool open(std::string_view space, std::string_view name) = 0;
    [[nodiscard]] virtual bool text(std::string_view piece) = 0;
    [[nodiscard]] virtual bool close() = 0;
};

/// How the reading of a document ended.
enum class XmlEnd : std::uint8_t {
    Whole,
    Broken,        ///< not well-formed, or it ends too early
    DocumentType,  ///< has a DTD, which is where entities come from: nothing behind it is read
    Deep,          ///< elements nested deeper than kMaxXmlDepth
    LongToken,     ///< a tag, comment or run of text longer than about kXmlPiece
    Stopped,       ///< by the sink
    Late,          ///< the budget's time is over
};

inline constexpr std::size_t kMaxXmlDepth = 16;
inline constexpr std::size_t kXmlPiece = std::size_t{1} << 20;  ///< bytes between looks at the time

/// Reads `xml`, which is UTF-8 whatever it declares. Linear in its size. Knows the five entities
/// and characters by number that XML has without a DTD. No file, no network, no system call but
/// memory. Throws what the sink throws, and std::bad_alloc.
[[nodiscard]] XmlEnd read_xml(std::string_view xml, XmlSink& sink, const Budget& budget);

}  // namespace postern::analyzers
