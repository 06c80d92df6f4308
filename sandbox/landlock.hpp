#pragma once

#include "sandbox/descriptor.hpp"

namespace postern::sandbox {

/// The version of Landlock's interface here; 0: the kernel has none.
[[nodiscard]] int landlock_version();

/// A ruleset that handles every right this kernel knows and grants plain files and folders below
/// `folder`, or nothing at all for a nullptr: no execution, no special files, no links out, no
/// network, no signals outward. A rule reaches into what is mounted below its folder, but a folder
/// that is mounted over is passed by: name one above. Empty when there is no Landlock.
[[nodiscard]] Descriptor landlock_ruleset(const char* folder);

/// Puts it on the calling process, for good. Needs no_new_privs.
[[nodiscard]] bool landlock_restrict(const Descriptor& ruleset);

}  // namespace postern::sandbox
