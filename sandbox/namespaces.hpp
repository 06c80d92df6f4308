#pragma once

/// @file The namespaces of the jail, each step a call that says what failed.

#include <cstdint>
#include <optional>
#include <string>

namespace postern::sandbox {

/// A step that failed: "unshare(CLONE_NEWUSER): Operation not permitted". nullopt: it did not.
using Problem = std::optional<std::string>;

/// Call name and errno in words.
[[nodiscard]] std::string problem(const std::string& call);

/// Goes through all the steps below in a process thrown away afterwards, because the first ones may
/// succeed where a later one is forbidden, and there is no way back.
[[nodiscard]] Problem try_namespaces();

/// A user namespace in which we are 0 and nobody else exists.
[[nodiscard]] Problem enter_user_namespace();
/// Nobody in it can make further namespaces that would give back rights. A read-only /proc/sys is a
/// problem, and not a fatal one.
[[nodiscard]] Problem forbid_more_namespaces();
/// Mount, network (no interface up), IPC, UTS and cgroup namespace.
[[nodiscard]] Problem enter_other_namespaces();
/// An empty, read-only root with nothing but the folder /scratch in it.
[[nodiscard]] Problem enter_empty_root();
/// A private tmpfs on /scratch, for one worker in its own mount namespace. False: it failed.
[[nodiscard]] bool mount_scratch(const char* options);

}  // namespace postern::sandbox
