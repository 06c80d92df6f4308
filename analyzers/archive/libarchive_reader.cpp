/// @file The one file that knows libarchive. Formats and filters are named one by one: asked for
/// all of them, libarchive starts programs. xar is not among them: 3.6.2 loops for ever on some.

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "analyzers/archive/formats.hpp"
#include "analyzers/base/ascii.hpp"
#include "analyzers/base/bytes.hpp"

namespace postern::analyzers {
namespace {

struct Freer {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, Freer>;

using Support = int (*)(archive*);
struct Format {
    std::string_view type;
    Support format;
    Support filter;  // nullptr: none
};
constexpr std::array kFormats = {
    Format{"7z", archive_read_support_format_7zip, nullptr},
    Format{"tar", archive_read_support_format_tar, nullptr},
    Format{"cpio", archive_read_support_format_cpio, nullptr},
    Format{"cab", archive_read_support_format_cab, nullptr},
    Format{"iso", archive_read_support_format_iso9660, nullptr},
    Format{"ar", archive_read_support_format_ar, nullptr},
    Format{"lha", archive_read_support_format_lha, nullptr},
    Format{"rar4", archive_read_support_format_rar, nullptr},
    Format{"rar5", archive_read_support_format_rar5, nullptr},
    Format{"zip-member", archive_read_support_format_zip_streamable, nullptr},
    Format{"bzip2", archive_read_support_format_raw, archive_read_support_filter_bzip2},
    Format{"xz", archive_read_support_format_raw, archive_read_support_filter_xz},
    Format{"lzma", archive_read_support_format_raw, archive_read_support_filter_lzma},
    Format{"lzip", archive_read_support_format_raw, archive_read_support_filter_lzip},
    Format{"zstd", archive_read_support_format_raw, archive_read_support_filter_zstd},
    Format{"lz4", archive_read_support_format_raw, archive_read_support_filter_lz4},
    Format{"compress", archive_read_support_format_raw, archive_read_support_filter_compress},
    Format{"rpm", archive_read_support_format_raw, archive_read_support_filter_rpm},
};

bool is_filter(const Format& format) {
    return format.filter != nullptr;
}

const Format* format_of(std::string_view type) {
    const auto* row = std::find_if(kFormats.begin(), kFormats.end(),
                                   [&](const Format& f) { return f.type == type; });
    return row == kFormats.end() ? nullptr : row;
}

Reader make_reader(const Format& format) {
    Reader reader(archive_read_new());
    if (!reader) throw std::bad_alloc();
    format.format(reader.get());
    if (is_filter(format)) {
        format.filter(reader.get());
        archive_read_support_format_empty(reader.get());
    }
    return reader;
}

ErrorCode error_code(archive* reader) {
    if (archive_errno(reader) == ENOMEM) return ErrorCode::Resource;
    const char* message = archive_error_string(reader);
    const std::string text = ascii_lower(message == nullptr ? "" : message);
    if (text.find("encrypt") != std::string::npos || text.find("passphrase") != std::string::npos) {
        return ErrorCode::Encrypted;
    }
    // "not supported", "Unsupported", "Unknown codec ID"
    const bool unsupported = text.find("upported") != std::string::npos ||
                             text.find("unknown codec") != std::string::npos;
    return unsupported ? ErrorCode::Unsupported : ErrorCode::Corrupt;
}

std::string error_text(archive* reader) {
    const char* message = archive_error_string(reader);
    return message == nullptr ? "unreadable" : message;
}

/// The name in UTF-8, or else as it stands in the archive.
std::string name_of(archive_entry* entry) {
    for (const char* name : {archive_entry_pathname_utf8(entry), archive_entry_pathname(entry)}) {
        if (name != nullptr) return name;
    }
    return "unnamed";
}

/// The first of the names that is there; empty if none.
std::string link_target(archive_entry* entry) {
    for (const char* target : {archive_entry_symlink(entry), archive_entry_hardlink(entry)}) {
        if (target != nullptr) return target;
    }
    return {};
}

class Walk {
public:
    Walk(Unpacking& unpacking, archive* reader, const Format& format)
        : unpacking_(unpacking), reader_(reader), format_(format) {}

    /// True: the end of the archive was reached.
    bool members() {
        for (;;) {
            archive_entry* entry = nullptr;
            const int state = archive_read_next_header(reader_, &entry);
            if (state == ARCHIVE_EOF) return true;
            if (state == ARCHIVE_FATAL || (state < ARCHIVE_WARN && entry == nullptr)) {
                report({});
                return false;
            }
            // RETRY and FAILED come without a promise of progress: the name limit bounds them.
            if (!unpacking_.admit_member()) return false;
            if (state == ARCHIVE_RETRY || state == ARCHIVE_FAILED) {
                report({});
                continue;
            }
            if (!member(entry)) return false;
        }
    }

    /// Appends the current member's data. False with an error said or a limit hit.
    bool data(std::string& content, const std::string& name) {
        for (;;) {
            const void* block = nullptr;
            std::size_t size = 0;
            la_int64_t offset = 0;
            const int state = archive_read_data_block(reader_, &block, &size, &offset);
            if (state == ARCHIVE_EOF) return true;
            if (state < ARCHIVE_WARN) {
                fatal_ = state == ARCHIVE_FATAL;
                report(name);
                return false;
            }
            const auto place = static_cast<std::uint64_t>(std::max<la_int64_t>(offset, 0));
            if (place > content.size() &&
                !unpacking_.append_zeros(content, place - content.size())) {
                return false;
            }
            if (!unpacking_.append(content, {static_cast<const char*>(block), size})) return false;
        }
    }

private:
    void report(const std::string& name) {
        const ErrorCode code = error_code(reader_);
        if (code == ErrorCode::Encrypted || archive_read_has_encrypted_entries(reader_) == 1) {
            unpacking_.encrypted(name);
        } else {
            unpacking_.fail(code,
                            name.empty() ? error_text(reader_) : error_text(reader_) + ": " + name);
        }
    }

    [[nodiscard]] std::string child_name(archive_entry* entry) const {
        if (!is_filter(format_)) return name_of(entry);
        // A filter knows no name: "a.tar.xz" becomes "a.tar", "a.txz" too.
        const std::string_view own = unpacking_.name();
        const std::size_t dot = own.rfind('.');
        if (dot == std::string_view::npos) return std::string(own);
        const std::string_view extension = own.substr(dot + 1);
        const bool tar = extension.size() >= 3 && ascii_lower(extension[0]) == 't';
        return std::string(own.substr(0, dot)) + (tar ? ".tar" : "");
    }

    /// False: stop.
    bool member(archive_entry* entry) {
        const std::string name = child_name(entry);
        const auto type = archive_entry_filetype(entry);
        const std::string target = link_target(entry);
        if (!target.empty()) unpacking_.judge_link(name, target);
        if (type == AE_IFDIR || (!target.empty() && archive_entry_size(entry) == 0)) {
            unpacking_.judge_name(name);
            return true;
        }
        if (type != AE_IFREG && type != 0 && target.empty()) {
            unpacking_.judge_name(name);
            unpacking_.flag("device");
            return true;
        }
        if (archive_entry_is_encrypted(entry) != 0) {
            unpacking_.judge_name(name);
            unpacking_.encrypted(name);
            return true;
        }
        std::string content;
        std::vector<std::string> flags;
        const bool whole = data(content, name);
        if (!whole) flags.emplace_back(unpacking_.stopped() ? "truncated" : "corrupt");
        if (whole || !content.empty())
            unpacking_.add_child(std::move(content), name, std::move(flags));
        else
            unpacking_.judge_name(name);
        return !fatal_ && !unpacking_.stopped();
    }

    Unpacking& unpacking_;
    archive* reader_;
    const Format& format_;
    bool fatal_ = false;
};

bool open(const Reader& reader, std::string_view bytes, Unpacking& unpacking) {
    if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) == ARCHIVE_OK)
        return true;
    unpacking.fail(error_code(reader.get()), error_text(reader.get()));
    return false;
}

/// 7z keeps its directory at the end, and says where.
std::size_t end_of_7z(std::string_view bytes) {
    ByteReader reader(as_bytes(bytes));
    constexpr std::size_t kStartHeader = 32;
    if (!reader.take(12)) return bytes.size();
    std::uint64_t end = kStartHeader;
    for (int value = 0; value < 2; ++value) {
        const auto low = reader.u32();
        const auto high = reader.u32();
        if (!low || !high || *high != 0) return bytes.size();
        end += *low;
    }
    return static_cast<std::size_t>(std::min<std::uint64_t>(end, bytes.size()));
}

/// Behind which byte nothing belongs to the archive any more.
std::size_t end_of(const Format& format, archive* reader, std::string_view bytes) {
    if (format.type == "7z") return end_of_7z(bytes);
    // These seek, so that what was consumed last says nothing.
    if (format.type == "iso" || format.type == "cab" || format.type == "rar4") return bytes.size();
    const la_int64_t consumed = archive_filter_bytes(reader, -1);
    return static_cast<std::size_t>(
        std::clamp<la_int64_t>(consumed, 0, static_cast<la_int64_t>(bytes.size())));
}

}  // namespace

bool unpack_by_libarchive(Unpacking& unpacking, std::string_view type) {
    const Format* format = format_of(type);
    if (format == nullptr) return false;
    const std::string_view bytes = as_text(unpacking.bytes());
    const Reader reader = make_reader(*format);
    if (!open(reader, bytes, unpacking)) return true;
    Walk walk(unpacking, reader.get(), *format);
    const bool ended = walk.members();
    if (archive_read_has_encrypted_entries(reader.get()) == 1) unpacking.flag("encrypted");
    if (ended) add_trailer(unpacking, end_of(*format, reader.get(), bytes));
    return true;
}

bool decode_zip_member(Unpacking& unpacking, std::string_view member, std::string& content) {
    const Format* format = format_of("zip-member");
    const Reader reader = make_reader(*format);
    archive_entry* entry = nullptr;
    if (!open(reader, member, unpacking)) return false;
    if (archive_read_next_header(reader.get(), &entry) < ARCHIVE_WARN) {
        unpacking.fail(error_code(reader.get()), error_text(reader.get()));
        return false;
    }
    return Walk(unpacking, reader.get(), *format).data(content, {});
}

}  // namespace postern::analyzers
