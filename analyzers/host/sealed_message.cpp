#include "analyzers/host/sealed_message.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U  // Linux 6.3
#endif

namespace postern::host {

Outcome<UniqueFd, int> sealed_message(std::string_view bytes) {
    constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    UniqueFd file(::memfd_create("postern-message", kFlags | MFD_NOEXEC_SEAL));
    if (!file && errno == EINVAL) file.reset(::memfd_create("postern-message", kFlags));
    if (!file) return Failure{errno};
    while (!bytes.empty()) {
        const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return Failure{errno};
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fcntl(file.get(), F_ADD_SEALS,
                F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return Failure{errno};
    }
    return file;
}

}  // namespace postern::host
