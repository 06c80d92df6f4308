#include "quarantine/key.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "analyzers/base/unique_fd.hpp"
#include "quarantine/files.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::quarantine {
namespace {

// Written beside and then linked: whoever sees the name sees 32 bytes, and link(2) lets only the
// first of two processes win.
Outcome<Done, StoreError> create_key_file(const std::string& path) {
    std::array<std::byte, Key::kSize> fresh{};
    if (RAND_bytes(reinterpret_cast<unsigned char*>(fresh.data()), Key::kSize) != 1) std::abort();
    const std::string temporary = path + "." + QuarantineId::make().text();
    auto file = create_file(temporary, 0600);
    if (!file) return Failure{file.error()};
    auto written = write_all(file->get(), fresh);
    OPENSSL_cleanse(fresh.data(), fresh.size());
    if (written) written = sync_file(file->get());
    if (written && ::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST) {
        written = Failure{system_error("link " + path, errno)};
    }
    ::unlink(temporary.c_str());
    if (!written) return written;
    return sync_folder(folder_of(path));
}

Outcome<Key, StoreError> read_key_file(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return Failure{system_error("open " + path, errno)};
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return Failure{system_error("stat " + path, errno)};
    if ((status.st_mode & 0007U) != 0) {
        return Failure{
            StoreError{StoreErrorKind::Invalid,
                       path + " may be read or written by everybody, expected mode 0600"}};
    }
    return Key::from_fd(file.get());
}

}  // namespace

Outcome<Key, StoreError> Key::load_or_create(const std::string& path) {
    auto key = read_key_file(path);
    if (key || key.error().kind != StoreErrorKind::NotFound) return key;
    if (auto folder = ensure_folders(folder_of(path), 02770); !folder) {
        return Failure{folder.error()};
    }
    if (auto created = create_key_file(path); !created) return Failure{created.error()};
    return read_key_file(path);
}

Outcome<Key, StoreError> Key::from_fd(int descriptor) {
    std::array<std::byte, kSize + 1> bytes{};
    auto count = pread_full(descriptor, bytes, 0);
    if (!count) return Failure{count.error()};
    if (*count != kSize) {
        return Failure{StoreError{StoreErrorKind::Invalid, "a key has exactly 32 bytes"}};
    }
    std::array<std::byte, kSize> exact{};
    std::copy_n(bytes.begin(), kSize, exact.begin());
    Key key(exact);
    OPENSSL_cleanse(bytes.data(), bytes.size());
    OPENSSL_cleanse(exact.data(), exact.size());
    return key;
}

Key::~Key() {
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

}  // namespace postern::quarantine
