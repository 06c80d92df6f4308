#include "quarantine/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace postern::quarantine {
namespace {

// One loop for read and pread: a short answer is not the end, 0 is.
template <class Read>
Outcome<std::size_t, StoreError> fill(std::span<std::byte> into, Read read_some) {
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t got = read_some(into.subspan(done), done);
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Failure{system_error("read", errno)};
        done += static_cast<std::size_t>(got);
    }
    return done;
}

}  // namespace

StoreError system_error(const std::string& what, int error_number) {
    StoreErrorKind kind = StoreErrorKind::Io;
    if (error_number == ENOSPC || error_number == EDQUOT) kind = StoreErrorKind::Full;
    if (error_number == ENOENT) kind = StoreErrorKind::NotFound;
    if (error_number == EEXIST) kind = StoreErrorKind::Conflict;
    return {kind, what + ": " + std::generic_category().message(error_number)};
}

Outcome<Done, StoreError> write_all(int descriptor, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(descriptor, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return Failure{system_error("write", errno)};
        bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
    return Done{};
}

Outcome<std::size_t, StoreError> read_full(int descriptor, std::span<std::byte> into) {
    return fill(into, [descriptor](std::span<std::byte> rest, std::size_t) {
        return ::read(descriptor, rest.data(), rest.size());
    });
}

Outcome<std::size_t, StoreError> pread_full(int descriptor, std::span<std::byte> into,
                                            std::uint64_t offset) {
    return fill(into, [descriptor, offset](std::span<std::byte> rest, std::size_t done) {
        return ::pread(descriptor, rest.data(), rest.size(), static_cast<off_t>(offset + done));
    });
}

Outcome<bool, StoreError> ensure_folder(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), 0700) == 0) {
        // Opened up only now: mkdir would have masked the group's bits away.
        if (::chmod(path.c_str(), mode) != 0) return Failure{system_error("chmod " + path, errno)};
        return true;
    }
    if (errno != EEXIST) return Failure{system_error("mkdir " + path, errno)};
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return Failure{system_error("stat " + path, errno)};
    if (!S_ISDIR(status.st_mode)) return Failure{system_error("mkdir " + path, ENOTDIR)};
    return false;
}

Outcome<Done, StoreError> ensure_folders(const std::string& path, mode_t mode) {
    std::size_t end = 0;
    do {
        end = path.find('/', end + 1);
        const std::string part = path.substr(0, end);
        auto made = ensure_folder(part, mode);
        if (!made) return Failure{made.error()};
        if (!*made) continue;
        if (auto synced = sync_folder(folder_of(part)); !synced) return synced;
    } while (end != std::string::npos);
    return Done{};
}

Outcome<Done, StoreError> sync_folder(const std::string& path) {
    const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return Failure{system_error("open " + path, errno)};
    return sync_file(folder.get());
}

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Outcome<UniqueFd, StoreError> create_file(const std::string& path, mode_t mode) {
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return Failure{system_error("create " + path, errno)};
    if (mode != 0600 && ::fchmod(file.get(), mode) != 0) {
        return Failure{system_error("chmod " + path, errno)};
    }
    return file;
}

Outcome<Done, StoreError> sync_file(int descriptor) {
    // Not retried: after a failed fsync the kernel may have dropped the pages, so a second one that
    // succeeds proves nothing.
    if (::fsync(descriptor) != 0) return Failure{system_error("fsync", errno)};
    return Done{};
}

}  // namespace postern::quarantine
