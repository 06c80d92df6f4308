#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace postern::sandbox::proof {

/// A plain system call: its result, or the negative errno. Nothing of the C library goes first, or
/// the attempt would die on that instead of on its own call.
template <class... Arguments>
long raw(long number, Arguments... arguments) {
    const long result = ::syscall(number, arguments...);
    return result < 0 ? -errno : result;
}

}  // namespace postern::sandbox::proof
