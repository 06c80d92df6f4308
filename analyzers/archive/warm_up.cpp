#include <archive.h>
#include <archive_entry.h>
#include <iconv.h>

#include <array>
#include <bit>
#include <clocale>
#include <ctime>
#include <string>
#include <vector>

#include "analyzers/archive/archive.hpp"

namespace postern::analyzers {
namespace {

struct IconvCloser {
    void operator()(void* descriptor) const { iconv_close(descriptor); }
};
struct WriteFreer {
    void operator()(archive* writer) const { archive_write_free(writer); }
};
struct EntryFreer {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

/// An archive with one member whose name is not ASCII; empty if this libarchive cannot write it.
std::string sample(int (*format)(archive*)) {
    std::string bytes(std::size_t{1} << 20, '\0');
    std::size_t used = 0;
    const std::unique_ptr<archive, WriteFreer> writer(archive_write_new());
    const std::unique_ptr<archive_entry, EntryFreer> entry(archive_entry_new());
    if (!writer || !entry || format(writer.get()) != ARCHIVE_OK ||
        archive_write_open_memory(writer.get(), bytes.data(), bytes.size(), &used) != ARCHIVE_OK) {
        return {};
    }
    archive_entry_set_pathname_utf8(entry.get(), "m\xc3\xbcll.txt");
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    archive_entry_set_mtime(entry.get(), 1, 0);
    archive_entry_set_size(entry.get(), 4);
    if (archive_write_header(writer.get(), entry.get()) < ARCHIVE_WARN ||
        archive_write_data(writer.get(), "text", 4) < 0 ||
        archive_write_close(writer.get()) < ARCHIVE_WARN) {
        return {};
    }
    bytes.resize(used);
    return bytes;
}

}  // namespace

struct ArchiveWarmUp::State {
    std::vector<std::unique_ptr<void, IconvCloser>> tables;  // open, so that they stay loaded
};

ArchiveWarmUp::ArchiveWarmUp() : state_(std::make_unique<State>()) {
    // In the "C" locale libarchive gives no name at all for what is not ASCII.
    static_cast<void>(std::setlocale(LC_CTYPE, "C.UTF-8"));
    ::tzset();
    const std::time_t now = 0;
    std::tm local{};
    static_cast<void>(::localtime_r(&now, &local));
    constexpr std::array kCharsets = {"UTF-16LE", "UTF-16BE", "UTF-16", "CP437", "CP932", "CP1252"};
    for (const char* charset : kCharsets) {
        void* table = ::iconv_open("UTF-8", charset);
        // iconv_open answers failure with a pointer of all ones, and never with a null one.
        if (table == nullptr || std::bit_cast<std::uintptr_t>(table) == ~std::uintptr_t{0})
            continue;
        state_->tables.emplace_back(table);
    }
    for (auto* format : {archive_write_set_format_7zip, archive_write_set_format_iso9660}) {
        const std::string bytes = sample(format);
        Budget budget(Limits{});
        Artifact artifact{};
        artifact.bytes = as_bytes(bytes);
        artifact.type = format == archive_write_set_format_7zip ? "7z" : "iso";
        static_cast<void>(archive_analyze(artifact, budget));
    }
}

ArchiveWarmUp::~ArchiveWarmUp() = default;

}  // namespace postern::analyzers
