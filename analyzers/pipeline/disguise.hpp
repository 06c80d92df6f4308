#pragma once

/// @file Whether an object is what its name and its declared type say.

#include <string_view>

namespace postern::analyzers {

/// True for what the system runs when it is opened and no text editor would show: "pe", "lnk", ...
[[nodiscard]] bool is_program(std::string_view type);

/// True if an object of `type` is plainly not what `declared_mime` says: a program or archive
/// declared as picture or text, a "PDF" that is none. False where either is not known well enough.
[[nodiscard]] bool contradicts(std::string_view type, std::string_view mime,
                               std::string_view declared_mime);

/// True for a name whose extension stands for text, a picture, sound or a document.
[[nodiscard]] bool has_harmless_extension(std::string_view name);

/// "invoice.pdf.exe", "invoice.pdf      .exe": a document's extension before a program's.
[[nodiscard]] bool has_double_extension(std::string_view name);

}  // namespace postern::analyzers
