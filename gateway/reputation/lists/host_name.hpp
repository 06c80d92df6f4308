#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::reputation {

/// A host name the way lists hold it: A-labels (IDNA2008, non-transitional), lower case, no final
/// dot, labels of letters, digits, "-" and "_", at most 253 bytes. nullopt: it is none; IP
/// addresses are none.
[[nodiscard]] std::optional<std::string> ascii_host(std::string_view host);

}  // namespace postern::reputation
