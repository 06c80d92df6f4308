#pragma once

#include <sys/types.h>

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

namespace postern::testing_support {

/// The children of a process, as the kernel lists them.
inline std::vector<pid_t> children_of(pid_t process) {
    const std::string pid = std::to_string(process);
    std::ifstream list("/proc/" + pid + "/task/" + pid + "/children");
    std::vector<pid_t> children;
    for (pid_t each = 0; list >> each;) children.push_back(each);
    return children;
}

/// Kills the zygote of a launcher. False: there is none.
inline bool kill_zygote(pid_t launcher) {
    const std::vector<pid_t> children = children_of(launcher);
    return !children.empty() && ::kill(children.front(), SIGKILL) == 0;
}

}  // namespace postern::testing_support
