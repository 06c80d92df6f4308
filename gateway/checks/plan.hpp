#pragma once

/// @file The checks as they are configured: defaults of the registry under [checks.<name>].

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gateway/checks/check.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::checks {

struct Configured {
    const Check* check = nullptr;
    Mode mode = Mode::Score;
    std::optional<double> score;  ///< of its findings, instead of the catalogue's
    Options options;              ///< each key that the check declares
};

class Plan {
public:
    explicit Plan(std::vector<Configured> checks) : checks_(std::move(checks)) {}

    [[nodiscard]] std::span<const Configured> all() const { return checks_; }
    /// Aborts on a name that the registry does not have.
    [[nodiscard]] const Configured& at(std::string_view name) const;
    [[nodiscard]] bool on(std::string_view name) const { return at(name).mode != Mode::Off; }

private:
    std::vector<Configured> checks_;
};

/// Throws settings::ConfigError ("FILE:LINE: what is wrong, what is expected") on an unknown check
/// or key, a wrong type, a value out of range, or a mode that a check cannot have.
[[nodiscard]] Plan configure(const settings::Settings& settings);

/// What `settings` leave to the defaults, for `postern config show`: the other keys are among
/// Loaded::effective already.
[[nodiscard]] std::vector<settings::Effective> defaults_in_force(
    const settings::Settings& settings);

}  // namespace postern::checks
