#include "gateway/cli/supervisor/service_users.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace postern::cli {
namespace {

// From the range that systemd keeps for dynamic users: no package and no person has them.
constexpr uid_t kSmtpUid = 61'301;
constexpr uid_t kAnalyzerUid = 61'302;
constexpr uid_t kWebUid = 61'303;
constexpr uid_t kLookupUid = 61'304;
constexpr gid_t kGroup = 61'300;

gid_t group_named(const std::string& name) {
    const group* found = ::getgrnam(name.c_str());
    return found == nullptr ? kGroup : found->gr_gid;
}

RunAs user_named(const std::string& name, uid_t otherwise, gid_t gid) {
    const passwd* found = ::getpwnam(name.c_str());
    return {found == nullptr ? otherwise : found->pw_uid, gid};
}

/// Asks the kernel, as that user, in a process of its own: no rule is rebuilt here.
bool reaches(const RunAs& who, const std::string& path) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        const bool became = ::setgroups(1, &who.gid) == 0 &&
                            ::setresgid(who.gid, who.gid, who.gid) == 0 &&
                            ::setresuid(who.uid, who.uid, who.uid) == 0;
        ::_exit(became && ::access(path.c_str(), R_OK) == 0 ? 0 : 1);
    }
    int status = 1;
    return pid > 0 && ::waitpid(pid, &status, 0) == pid && status == 0;
}

/// The first path that exists and that this user cannot read.
std::string unreachable(const RunAs& who, const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        if (std::filesystem::exists(path) && !reaches(who, path)) return path;
    }
    return {};
}

std::string sentence(const std::string& path, const std::string& user) {
    return path + " cannot be read by " + user +
           ": open it and the folders above it to that user, or set users.switch = \"never\"";
}

}  // namespace

Outcome<ServiceUsers, std::string> service_users(const settings::Users& users,
                                                 const Needed& needed) {
    if (::geteuid() != 0 || users.change == settings::UserSwitch::Never) return ServiceUsers{};
    const gid_t shared = group_named(users.group);
    const ServiceUsers chosen{user_named(users.smtp, kSmtpUid, shared),
                              user_named(users.analyzer, kAnalyzerUid, kAnalyzerUid),
                              user_named(users.web, kWebUid, shared),
                              user_named(users.lookup, kLookupUid, kLookupUid),
                              {}};
    struct {
        const std::optional<RunAs>& who;
        const std::string& name;
        const std::vector<std::string>& paths;
    } const all[] = {{chosen.smtp, users.smtp, needed.smtp},
                     {chosen.analyzer, users.analyzer, needed.analyzer},
                     {chosen.web, users.web, needed.web}};
    for (const auto& each : all) {
        const std::string path = unreachable(*each.who, each.paths);
        if (path.empty()) continue;
        if (users.change == settings::UserSwitch::Always) return Failure{sentence(path, each.name)};
        ServiceUsers unchanged;
        unchanged.warning = "all services run as root: " + sentence(path, each.name);
        return unchanged;
    }
    return chosen;
}

Outcome<Done, std::string> make_shared_folder(const std::string& folder,
                                              const ServiceUsers& users) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return Failure{"cannot make the folder " + folder + ": " + error.message()};
    if (users.smtp) {
        // Others may pass through, not list: rules and sockets below have their own modes.
        if (::chown(folder.c_str(), users.smtp->uid, users.smtp->gid) != 0 ||
            ::chmod(folder.c_str(), S_ISGID | 0771) != 0) {
            return Failure{"cannot give " + folder + " to its service: " + std::strerror(errno)};
        }
    } else if (::access(folder.c_str(), W_OK | X_OK) != 0) {
        return Failure{"cannot write in " + folder + ": " + std::strerror(errno)};
    }
    return Done{};
}

Outcome<Done, std::string> make_lookup_folder(const std::string& folder,
                                              const ServiceUsers& users) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return Failure{"cannot make the folder " + folder + ": " + error.message()};
    if (users.lookup && (::chown(folder.c_str(), users.lookup->uid, users.lookup->gid) != 0 ||
                         ::chmod(folder.c_str(), 0755) != 0)) {
        return Failure{"cannot give " + folder + " to its service: " + std::strerror(errno)};
    }
    return Done{};
}

void share_file(const std::string& path, const ServiceUsers& users, unsigned mode) {
    if (!users.smtp) return;
    if (::chown(path.c_str(), users.smtp->uid, users.smtp->gid) != 0) return;
    ::chmod(path.c_str(), mode);
}

}  // namespace postern::cli
