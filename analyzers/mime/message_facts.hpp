#pragma once

#include <string_view>

#include "analyzers/api/report.hpp"
#include "analyzers/mime/header_block.hpp"

namespace postern::analyzers {

/// What a reviewer wants to see of the header block at the start of `message`; `preview` is left
/// empty: the text is known when the parts have been analyzed.
[[nodiscard]] MessageFacts message_facts(const HeaderBlock& block, std::string_view message);

}  // namespace postern::analyzers
