#pragma once

/// @file What `postern` asks of this program because it links no content library itself. Both print
/// to standard output, lines or JSON, and give the exit code: 0 fine, 1 the answer is "bad".

#include <string>
#include <vector>

namespace postern::worker {

/// The escape attempts against the jail of this machine, a line each; 1 if one was not stopped.
[[nodiscard]] int prove_jail(bool json);

/// Compiles rule files and folders and names each file that does not; 1 if there is one. The rules
/// run while they are loaded (a rule can kill libyara), so this happens in a process of its own.
[[nodiscard]] int check_rules(const std::vector<std::string>& paths, bool json);

/// What each rule is for.
[[nodiscard]] int list_rules(const std::vector<std::string>& paths, bool json);

}  // namespace postern::worker
