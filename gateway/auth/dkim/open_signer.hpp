#pragma once

/// @file The signer that a configuration asks for: reads its key files.

#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "gateway/auth/dkim/signer.hpp"
#include "gateway/settings/dkim.hpp"

namespace postern::auth::dkim {

/// The PEM texts of the configured keys, in their order: for a process that may not open the files.
/// Each key is tried. The error is a sentence that names the file.
[[nodiscard]] Outcome<std::vector<std::string>, std::string> read_keys(
    const settings::Dkim& settings);
/// `pems` as read_keys() gave them.
[[nodiscard]] Outcome<Signer, std::string> make_signer(const settings::Dkim& settings,
                                                       const std::vector<std::string>& pems);

/// Both in one. The error is a sentence that names the file. Without keys: a signer that signs for
/// nobody.
[[nodiscard]] Outcome<Signer, std::string> open_signer(const settings::Dkim& settings);

}  // namespace postern::auth::dkim
