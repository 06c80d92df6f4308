#pragma once

/// @file libyara's compiler and its rules, owned.

#include <yara.h>

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analyzers/yara/yara.hpp"

namespace postern::analyzers {

struct RulesDestroyer {
    void operator()(YR_RULES* rules) const { yr_rules_destroy(rules); }
};
using OwnedRules = std::unique_ptr<YR_RULES, RulesDestroyer>;

struct RuleFile {
    std::string path;  ///< also the namespace
    std::string text;
};

struct Compiled {
    OwnedRules rules;  ///< null if there is an error
    std::vector<RuleMessage> errors;
    std::vector<RuleMessage> warnings;
};

/// Rule files under `paths`, sorted; those that cannot be read are in `unreadable`.
[[nodiscard]] std::vector<RuleFile> read_rule_files(std::span<const std::filesystem::path> paths,
                                                    std::vector<RuleMessage>& unreadable);

/// All files into one set of rules. Stops at the first file with an error. `include` is refused:
/// a rule file says all that it does.
[[nodiscard]] Compiled compile_rules(std::span<const RuleFile> files);

/// Names of the variables that every rule may use. All are strings but `depth`.
inline constexpr std::array<const char*, 8> kTextVariables = {
    "filename", "filepath", "extension", "filetype", "type", "mime", "owner", "declared_mime"};
inline constexpr const char* kDepthVariable = "depth";

}  // namespace postern::analyzers
