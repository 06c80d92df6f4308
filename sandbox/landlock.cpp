#include "sandbox/landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

namespace postern::sandbox {
namespace {

// As the newest kernel has it: Debian 12's header ends at the first version.
struct RulesetAttributes {
    std::uint64_t files = 0;
    std::uint64_t network = 0;  // from version 4
    std::uint64_t scopes = 0;   // from version 6
};
constexpr std::uint64_t kRefer = std::uint64_t{1} << 13;     // version 2
constexpr std::uint64_t kTruncate = std::uint64_t{1} << 14;  // version 3
constexpr std::uint64_t kIoctl = std::uint64_t{1} << 15;     // version 5
constexpr std::uint64_t kFirstVersion = (std::uint64_t{1} << 13) - 1;
constexpr std::uint64_t kNetwork = 3;  // bind and connect, TCP
constexpr std::uint64_t kScopes = 3;   // abstract sockets, signals

constexpr std::uint64_t kGranted = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                                   LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                                   LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                   LANDLOCK_ACCESS_FS_REMOVE_DIR;

RulesetAttributes everything(int version) {
    RulesetAttributes all{kFirstVersion, 0, 0};
    if (version >= 2) all.files |= kRefer;
    if (version >= 3) all.files |= kTruncate;
    if (version >= 5) all.files |= kIoctl;
    if (version >= 4) all.network = kNetwork;
    if (version >= 6) all.scopes = kScopes;
    return all;
}

std::size_t size_for(int version) {
    if (version >= 6) return sizeof(RulesetAttributes);
    return version >= 4 ? offsetof(RulesetAttributes, scopes)
                        : offsetof(RulesetAttributes, network);
}

}  // namespace

int landlock_version() {
    const long version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? 0 : static_cast<int>(version);
}

Descriptor landlock_ruleset(const char* folder) {
    const int version = landlock_version();
    if (version == 0) return Descriptor();
    const RulesetAttributes all = everything(version);
    Descriptor ruleset(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, size_for(version), 0)));
    if (folder == nullptr) return ruleset;
    const Descriptor place(::open(folder, O_PATH | O_CLOEXEC | O_DIRECTORY));
    landlock_path_beneath_attr below{};
    below.allowed_access = kGranted | (version >= 3 ? kTruncate : 0);
    below.parent_fd = place.get();
    if (!ruleset || !place ||
        ::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &below, 0) !=
            0) {
        ruleset.reset();
    }
    return ruleset;
}

bool landlock_restrict(const Descriptor& ruleset) {
    return ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

}  // namespace postern::sandbox
