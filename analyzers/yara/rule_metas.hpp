#pragma once

/// @file What a rule's metas say, and what is assumed where they say nothing.

#include <optional>
#include <string_view>
#include <vector>

#include "analyzers/yara/yara.hpp"

namespace postern::analyzers {

/// Reads metas one by one, then settles what depends on several.
class RuleMetas {
public:
    void text(std::string_view name, std::string_view value);
    void integer(std::string_view name, std::int64_t value);
    void tag(std::string_view name);

    /// Into `rule`: where neither severity nor score is given, the catalogue's YARA_MATCH decides.
    void settle(RuleInfo& rule) const;

private:
    RuleInfo seen_;
    std::optional<Severity> severity_;
    std::optional<double> score_;
};

}  // namespace postern::analyzers
