/// @file Any bytes as a blob: never a crash, never bytes that were not sealed. The first byte of
/// the input chooses between a file of its own making and damage done to a file of ours.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "quarantine/blob_file.hpp"

namespace {

using namespace postern;
using namespace postern::quarantine;

UniqueFd file_with(std::string_view bytes) {
    UniqueFd file(::memfd_create("fuzz", MFD_CLOEXEC));
    if (::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        ::lseek(file.get(), 0, SEEK_SET) != 0) {
        std::abort();
    }
    return file;
}

// What the reader makes of it; nullopt: it refused.
std::optional<std::string> open(std::string_view sealed, const Key& key, std::string_view sha256) {
    auto reader = BlobReader::open(file_with(sealed), key, sha256);
    if (!reader) return std::nullopt;
    std::string plain;
    std::array<std::byte, 700> buffer{};
    for (;;) {
        const auto got = (*reader)->read(buffer);
        if (!got) return std::nullopt;
        if (*got == 0) return plain;
        plain.append(reinterpret_cast<const char*>(buffer.data()), *got);
    }
}

std::string seal(std::string_view plain, const Measure& measured, const Key& key) {
    const UniqueFd file(::memfd_create("fuzz", MFD_CLOEXEC));
    if (!write_blob(file.get(), Source(plain), measured, key, kMinChunk)) std::abort();
    std::string sealed(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
    if (::pread(file.get(), sealed.data(), sealed.size(), 0) < 0) std::abort();
    return sealed;
}

// One edit: three bytes say where and what. Flips a bit, cuts the end off, or takes out a piece.
void damage(std::string& sealed, std::string_view edit) {
    const auto number = [&](std::size_t i) { return static_cast<std::uint8_t>(edit[i]); };
    const std::size_t at = (std::size_t{number(0)} << 8 | number(1)) % sealed.size();
    switch (number(2) % 3) {
        case 0:
            sealed[at] = static_cast<char>(sealed[at] ^ (1 << (number(2) / 3 % 8)));
            break;
        case 1:
            sealed.resize(at);
            break;
        default:
            sealed.erase(at, std::size_t{number(2)} * 16);
            break;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(data, data + size);
    std::array<std::byte, Key::kSize> secret{};
    secret.fill(std::byte{9});
    const Key key(secret);
    if (input.size() < 4) return 0;
    const std::string_view rest = std::string_view(input).substr(4);
    if (input[0] % 2 == 0) {
        // Bytes that nobody sealed are never authentic. The key id is given, to get past it.
        std::string forged(rest);
        if (forged.size() >= kBlobHeaderSize) {
            const auto id = key_id(key);
            for (std::size_t i = 0; i < id.size(); ++i) {
                forged[16 + i] = static_cast<char>(std::to_integer<unsigned char>(id[i]));
            }
        }
        if (open(forged, key, std::string(64, 'a'))) std::abort();
        return 0;
    }
    const Measure measured = measure(Source(rest)).value();
    const std::string sealed = seal(rest, measured, key);
    if (open(sealed, key, measured.sha256) != std::optional<std::string>(rest)) std::abort();
    std::string damaged = sealed;
    damage(damaged, std::string_view(input).substr(1, 3));
    if (damaged != sealed && open(damaged, key, measured.sha256)) std::abort();
    return 0;
}
