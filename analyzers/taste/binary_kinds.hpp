#pragma once

/// @file Kinds that their bytes give away: signatures, and the small structures behind some.

#include <string_view>

namespace postern::analyzers {

/// The type of `bytes` by signature; kData if none fits. Containers of many kinds (zip, ole) are
/// told apart by zip_kind() and ole_kind().
[[nodiscard]] std::string_view binary_kind(std::string_view bytes);

/// True for "MZ" with a PE header where it says.
[[nodiscard]] bool is_pe(std::string_view bytes);

/// What a zip is beyond a zip ("docx", "jar", ...), by the names of its members.
[[nodiscard]] std::string_view zip_kind(std::string_view bytes);

/// What an OLE compound file is beyond that ("doc", "msi", ...), by the names in its directory.
[[nodiscard]] std::string_view ole_kind(std::string_view bytes);

}  // namespace postern::analyzers
