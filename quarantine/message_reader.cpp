#include "quarantine/message_reader.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "quarantine/blob_file.hpp"
#include "quarantine/files.hpp"

namespace postern::quarantine {
namespace {

constexpr std::size_t kStep = 64U << 10;

}  // namespace

MessageReader::MessageReader(std::unique_ptr<BlobReader> blob) : blob_(std::move(blob)) {}
MessageReader::~MessageReader() = default;
MessageReader::MessageReader(MessageReader&&) noexcept = default;
MessageReader& MessageReader::operator=(MessageReader&&) noexcept = default;

Outcome<std::size_t, StoreError> MessageReader::read(std::span<std::byte> into) {
    if (into.empty()) {
        return Failure{StoreError{StoreErrorKind::Invalid, "no room to read a message into"}};
    }
    return blob_->read(into);
}

Outcome<std::string, StoreError> MessageReader::read_all(std::size_t limit) {
    std::string all;
    std::vector<std::byte> buffer(kStep);
    for (;;) {
        auto got = blob_->read(buffer);
        if (!got) return Failure{got.error()};
        if (*got == 0) return all;
        if (*got > limit - all.size()) {
            return Failure{StoreError{StoreErrorKind::Invalid, "message is longer than allowed"}};
        }
        all.append(reinterpret_cast<const char*>(buffer.data()), *got);
    }
}

Outcome<std::uint64_t, StoreError> MessageReader::copy_to(int descriptor) {
    std::uint64_t total = 0;
    std::vector<std::byte> buffer(kStep);
    for (;;) {
        auto got = blob_->read(buffer);
        if (!got) return Failure{got.error()};
        if (*got == 0) return total;
        auto written = write_all(descriptor, ByteView(buffer).first(*got));
        if (!written) return Failure{written.error()};
        total += *got;
    }
}

Outcome<UniqueFd, StoreError> MessageReader::to_memfd() {
    UniqueFd file(::memfd_create("postern-message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) return Failure{system_error("memfd_create", errno)};
    if (auto copied = copy_to(file.get()); !copied) return Failure{copied.error()};
    constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0) {
        return Failure{system_error("seal memfd", errno)};
    }
    return file;
}

}  // namespace postern::quarantine
