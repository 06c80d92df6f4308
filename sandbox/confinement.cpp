#include "sandbox/confinement.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "sandbox/landlock.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/rules.hpp"

namespace postern::sandbox {
namespace {

constexpr int kStreams = 3;

/// A sanitizer reports on the third stream; nobody else has anything to say there.
constexpr int kSilenced = kSanitized ? 2 : kStreams;

bool close_all_but(int keep) {
    const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (int stream = 0; stream < kSilenced; ++stream) {
        if (!null || ::dup2(null.get(), stream) != stream) return false;
    }
    const auto kept = static_cast<unsigned>(keep);
    const auto close_between = [](unsigned first, unsigned last) {
        return first > last || ::syscall(SYS_close_range, first, last, 0) == 0;
    };
    return close_between(kStreams, kept - 1) && close_between(kept + 1, ~0U);
}

Problem enter_own_root(Layers& layers) {
    if (Problem failed = enter_other_namespaces()) return failed;
    layers.other_namespaces = true;
    if (Problem failed = enter_empty_root()) return failed;
    layers.empty_root = true;
    layers.scratch = true;
    return std::nullopt;
}

/// A zygote that died leaves the folders of its workers behind.
bool empty_folder(const std::string& folder) {
    std::error_code error;
    for (const auto& each : std::filesystem::directory_iterator(folder, error)) {
        std::error_code ignored;
        std::filesystem::remove_all(each.path(), ignored);
    }
    return !error;
}

/// Landlock for workers: made here, taken by each. Without a root of its own the zygote takes one
/// that reaches no further than the folders of its workers; each of them narrows it to one.
Problem make_ruleset(Prepared& prepared) {
    Layers& layers = prepared.layers;
    if (landlock_version() == 0) {
        layers.missing.push_back(problem("landlock_create_ruleset"));
        return std::nullopt;
    }
    if (layers.empty_root) {
        prepared.ruleset = landlock_ruleset("/");  // /scratch itself will be mounted over
        if (!prepared.ruleset) return problem("landlock_add_rule");
    } else {
        const std::string& base = prepared.policy.scratch_base;
        layers.scratch = !base.empty();
        if (layers.scratch && !empty_folder(base)) return problem(base);
        const Descriptor ruleset = landlock_ruleset(layers.scratch ? base.c_str() : nullptr);
        if (!ruleset || !landlock_restrict(ruleset)) return problem("landlock_restrict_self");
    }
    layers.landlock = true;
    return std::nullopt;
}

}  // namespace

Prepared prepared_for(const Policy& policy, Layers layers) {
    Prepared prepared;
    prepared.policy = policy;
    prepared.layers = std::move(layers);
    prepared.scratch_options = "mode=0700,size=" + std::to_string(policy.scratch_bytes) +
                               ",nr_inodes=" + std::to_string(policy.scratch_files);
    return prepared;
}

Problem confine_zygote(Prepared& prepared, int keep) {
    Layers& layers = prepared.layers;
    if (!close_all_but(keep)) return problem("/dev/null");
    const std::uint64_t mapped = mapped_bytes();  // while there still is a /proc
    if (layers.user_namespace) {
        if (Problem failed = enter_own_root(layers)) return failed;
        if (!keep_only_sys_admin()) return problem("capset");
    } else if (!drop_all_capabilities()) {
        return problem("capset");
    }
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return problem("PR_SET_DUMPABLE");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return problem("PR_SET_NO_NEW_PRIVS");
    if (Problem failed = make_ruleset(prepared)) return failed;
    const Scratch scratch = layers.scratch ? Scratch::Folder : Scratch::None;
    prepared.filter = assemble(worker_rules(scratch, 1), SECCOMP_RET_KILL_PROCESS);
    if (!kSanitized) {
        const auto own = assemble(zygote_rules(layers.pid_namespace), SECCOMP_RET_KILL_PROCESS);
        if (!load_filter(own)) return problem("seccomp");
    }
    layers.seccomp = true;
    if (!limit_zygote(prepared.policy, mapped)) return problem("setrlimit");
    return std::nullopt;
}

std::optional<std::string> new_scratch_folder(const Prepared& prepared, std::uint64_t number) {
    if (prepared.layers.empty_root || !prepared.layers.scratch) return std::string();
    std::string folder = prepared.policy.scratch_base + "/" + std::to_string(number);
    if (::mkdir(folder.c_str(), 0700) != 0) return std::nullopt;
    return folder;
}

void remove_scratch_folder(const std::string& folder) {
    std::error_code ignored;
    if (!folder.empty()) std::filesystem::remove_all(folder, ignored);
}

}  // namespace postern::sandbox
