#pragma once

#include <stdexcept>

namespace postern::settings {

/// A configuration nobody can run with. what() is the whole sentence, "FILE:LINE: ..." in front.
class ConfigError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace postern::settings
