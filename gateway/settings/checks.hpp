#pragma once

/// @file [checks.<...>]: how findings count, by their code, and how checks run, by their name.
/// Which checks there are and what keys they have is gateway/checks' business: their values are
/// kept as TOML has them, with the line they stand in.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace postern::settings {

class KeyReader;

/// off: not run; monitor: shown, never counted; score: counted; enforce: its refusal is heard.
enum class Mode : std::uint8_t { Off, Monitor, Score, Enforce };
[[nodiscard]] std::string_view word(Mode mode);

/// [checks.<FINDING_CODE>]
struct CheckSetting {
    Mode mode = Mode::Enforce;
    bool has_score = false;
    double score = 0;
};

/// A value that nobody has checked yet.
struct RawOption {
    std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>> value;
    std::string origin;  ///< "FILE:LINE"
};

/// [checks.<name>]
struct CheckTable {
    std::string origin;  ///< of the table
    std::optional<Mode> mode;
    std::optional<double> score;               ///< -100 to 100
    std::map<std::string, RawOption> options;  ///< all other keys
};

struct Checks {
    std::map<std::string, CheckSetting> codes;
    std::map<std::string, CheckTable> named;
};

/// A name in capitals is a finding's code and has to be in the catalogue.
void read_checks(KeyReader& keys, Checks& checks);

}  // namespace postern::settings
