/// @file What RAR headers say of encryption and volumes (RAR 5.0 archive format; technote of 4.x).
/// libarchive 3.6.2 reads encrypted RAR5 members as noise without a word.

#include <array>
#include <optional>
#include <string>

#include "analyzers/archive/formats.hpp"
#include "analyzers/base/bytes.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSignature4 = "Rar!\x1a\x07\x00"sv;
constexpr std::string_view kSignature5 = "Rar!\x1a\x07\x01\x00"sv;
constexpr std::size_t kMaxBlocks = 100000;

/// RAR5 numbers: seven bits a byte, lowest first, the highest bit says that more follow.
class Fields {
public:
    explicit Fields(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] std::optional<std::uint64_t> next() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 63; shift += 7) {
            if (bytes_.empty()) return std::nullopt;
            const auto byte = static_cast<unsigned char>(bytes_.front());
            bytes_.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7fU} << shift;
            if ((byte & 0x80) == 0) return value;
        }
        return std::nullopt;
    }
    [[nodiscard]] bool skip(std::uint64_t count) {
        if (count > bytes_.size()) return false;
        bytes_.remove_prefix(static_cast<std::size_t>(count));
        return true;
    }
    [[nodiscard]] std::string_view rest() const { return bytes_; }

private:
    std::string_view bytes_;
};

/// True if the extra area of a file header holds an encryption record (type 1).
bool has_encryption_record(std::string_view extra) {
    constexpr std::uint64_t kEncryption = 1;
    Fields fields(extra);
    while (!fields.rest().empty()) {
        const auto size = fields.next();
        if (!size || *size > fields.rest().size()) return false;
        Fields record(fields.rest().substr(0, static_cast<std::size_t>(*size)));
        if (record.next() == kEncryption) return true;
        if (!fields.skip(*size)) return false;
    }
    return false;
}

struct Block5 {
    std::uint64_t type = 0, flags = 0, extra_size = 0, data_size = 0;
    std::string_view fields;  ///< behind the common ones, without the extra area
    std::string_view extra;
    std::size_t length = 0;  ///< of the header
};

std::optional<Block5> read_block5(std::string_view bytes) {
    constexpr std::uint64_t kHasExtra = 1;
    constexpr std::uint64_t kHasData = 2;
    if (bytes.size() < 7) return std::nullopt;
    Fields head(bytes.substr(4));  // behind the checksum
    const auto size = head.next();
    if (!size || *size == 0 || *size > head.rest().size()) return std::nullopt;
    Block5 block;
    block.length = bytes.size() - head.rest().size() + static_cast<std::size_t>(*size);
    Fields fields(head.rest().substr(0, static_cast<std::size_t>(*size)));
    block.type = fields.next().value_or(0);
    block.flags = fields.next().value_or(0);
    if ((block.flags & kHasExtra) != 0) block.extra_size = fields.next().value_or(0);
    if ((block.flags & kHasData) != 0) block.data_size = fields.next().value_or(0);
    if (block.extra_size > fields.rest().size()) return std::nullopt;
    const std::size_t own = fields.rest().size() - static_cast<std::size_t>(block.extra_size);
    block.fields = fields.rest().substr(0, own);
    block.extra = fields.rest().substr(own);
    return block;
}

/// Members that run on into the next volume are not all here, and libarchive may keep silent.
void say_volume(Unpacking& unpacking) {
    unpacking.flag("multivolume");
    unpacking.fail(ErrorCode::Unsupported, "one volume of several");
}

void judge_rar5(Unpacking& unpacking, std::string_view bytes) {
    enum Type : std::uint64_t { Main = 1, File = 2, Service = 3, Encryption = 4, End = 5 };
    std::size_t at = kSignature5.size();
    bool encrypted = false;
    for (std::size_t count = 0; count < kMaxBlocks && at < bytes.size(); ++count) {
        const auto block = read_block5(bytes.substr(at));
        if (!block) break;
        if (block->type == Encryption) {
            unpacking.encrypted("names and content of the whole archive");
            return;
        }
        if (block->type == Main && (Fields(block->fields).next().value_or(0) & 1) != 0) {
            say_volume(unpacking);
        }
        // An alternate data stream of NTFS travels as a service header "STM".
        if (block->type == Service && block->fields.find("STM") != std::string_view::npos &&
            block->extra.find("..") != std::string_view::npos) {
            unpacking.flag("path-traversal");
            unpacking.find("ARCHIVE_PATH_ATTACK", block->extra);
        }
        encrypted |= block->type == File && has_encryption_record(block->extra);
        if (block->type == End || block->data_size > bytes.size() - at) break;
        at += block->length + static_cast<std::size_t>(block->data_size);
    }
    if (encrypted) unpacking.encrypted("members");
}

void judge_rar4(Unpacking& unpacking, std::string_view bytes) {
    constexpr std::uint16_t kVolume = 0x0001;
    constexpr std::uint16_t kEncryptedHeaders = 0x0080;
    ByteReader reader(as_bytes(bytes));
    if (!reader.take(kSignature4.size() + 3)) return;  // and checksum and type of the main header
    const std::uint16_t flags = reader.u16().value_or(0);
    if ((flags & kVolume) != 0) say_volume(unpacking);
    if ((flags & kEncryptedHeaders) != 0) {
        unpacking.encrypted("names and content of the whole archive");
    }
}

}  // namespace

void judge_rar(Unpacking& unpacking) {
    const std::string_view bytes = as_text(unpacking.bytes());
    if (bytes.starts_with(kSignature5)) judge_rar5(unpacking, bytes);
    if (bytes.starts_with(kSignature4)) judge_rar4(unpacking, bytes);
}

}  // namespace postern::analyzers
