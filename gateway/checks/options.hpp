#pragma once

#include <string_view>
#include <variant>

#include "gateway/checks/check.hpp"

namespace postern::checks {

/// The value of a check's own key. The plan has filled in every key that the check declares; asking
/// for another one, or as another type, is a bug.
template <class T>
[[nodiscard]] const T& option(const Options& options, std::string_view key) {
    return std::get<T>(options.find(key)->second);
}

}  // namespace postern::checks
