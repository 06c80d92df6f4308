#pragma once

#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"

namespace postern::quarantine {

/// Where a quarantine lives: [quarantine] of postern.toml.
struct Location {
    std::string database;  ///< absolute path of the SQLite file
    std::string blobs;     ///< absolute path of the folder of blobs
    std::string key;       ///< absolute path of the key file

    /// `url` is "sqlite:///absolute/path.db" (percent-escapes are not used). Empty `blobs` and
    /// `key` mean "blobs" and "quarantine.key" beside the database. The failure is a sentence that
    /// says what is wrong and what is expected.
    [[nodiscard]] static Outcome<Location, std::string> parse(std::string_view url,
                                                              std::string_view blobs = {},
                                                              std::string_view key = {});
    friend bool operator==(const Location&, const Location&) = default;
};

}  // namespace postern::quarantine
