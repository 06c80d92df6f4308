#include "quarantine/error.hpp"

#include <array>

namespace postern::quarantine {

std::string_view name(StoreErrorKind kind) {
    constexpr std::array<std::string_view, 8> kNames = {"not-found", "conflict",  "invalid", "busy",
                                                        "full",      "wrong-key", "corrupt", "io"};
    return kNames.at(static_cast<std::size_t>(kind));
}

}  // namespace postern::quarantine
