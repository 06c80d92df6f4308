#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "gateway/cli/supervisor/child.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::cli {

/// Who each service runs as. All unset: as ourselves, because we are not root or may not switch.
struct ServiceUsers {
    std::optional<RunAs> smtp;
    std::optional<RunAs> analyzer;
    std::optional<RunAs> web;
    std::optional<RunAs> lookup;
    std::string warning;  ///< why no switch is made though we are root; empty: all is well
};

/// What a service must be able to read for a switch to make sense.
struct Needed {
    std::vector<std::string> smtp;
    std::vector<std::string> analyzer;
    std::vector<std::string> web;
};

/// As root: the users of [users] where they exist, else fixed numbers nobody else has (no user
/// needs to be made by hand). With switch = "auto", a path that one of them cannot reach keeps all
/// services as root, with a warning that names it; with "always" that is the failure.
[[nodiscard]] Outcome<ServiceUsers, std::string> service_users(const settings::Users& users,
                                                               const Needed& needed);

/// Makes `folder` with its parents and gives it to the smtp service, shared with its group.
/// Folders that are there keep their content. The failure is a sentence.
[[nodiscard]] Outcome<Done, std::string> make_shared_folder(const std::string& folder,
                                                            const ServiceUsers& users);

/// Makes `folder`, which only postern-lookup writes and everybody may read. The failure is a
/// sentence.
[[nodiscard]] Outcome<Done, std::string> make_lookup_folder(const std::string& folder,
                                                            const ServiceUsers& users);

/// Gives one file to the smtp service and its group, mode 0660 or as given.
void share_file(const std::string& path, const ServiceUsers& users, unsigned mode);

}  // namespace postern::cli
