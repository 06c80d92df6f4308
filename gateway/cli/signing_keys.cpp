#include "gateway/cli/signing_keys.hpp"

#include "gateway/auth/outgoing.hpp"
#include "gateway/settings/config_error.hpp"

namespace postern::cli {

void require_signing_keys(const Context& context) {
    const settings::Settings& settings = context.settings();
    const auto keys = auth::signing_keys(settings.dkim, settings.arc);
    if (keys) return;
    const std::string file = context.config_path.empty() ? "" : context.config_path + ": ";
    throw settings::ConfigError(file + "signing key: " + keys.error());
}

}  // namespace postern::cli
