#pragma once

/// @file The signer that a configuration asks for: reads its key files.

#include <string>

#include "analyzers/base/outcome.hpp"
#include "gateway/auth/dkim/signer.hpp"
#include "gateway/settings/dkim.hpp"

namespace postern::auth::dkim {

/// The error is a sentence that names the file. Without keys: a signer that signs for nobody.
[[nodiscard]] Outcome<Signer, std::string> open_signer(const settings::Dkim& settings);

}  // namespace postern::auth::dkim
