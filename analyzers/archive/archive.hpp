#pragma once

/// @file Archives, compressed files and disk images: one level unpacked, into memory.

#include <memory>
#include <string_view>

#include "analyzers/api/analyzer.hpp"

namespace postern::analyzers {

/// True for each type of analyzers/taste that archive_analyze() takes apart: zip and what is built
/// on it (docx, xlsx, pptx, odf, jar, apk, ...), 7z, rar, tar, cpio, cab, iso, ar, lha, gzip,
/// bzip2, xz, lzma, lzip, zstd, lz4, compress, rpm, uuencode, yEnc, BinHex; programs, for what is
/// appended to them; and containers that cannot be read, so that this is said (Unsupported).
[[nodiscard]] bool archive_accepts(std::string_view type);

/// Members become children (Relation::Extracted), `name` as the archive has it but cleaned.
/// Nothing is written anywhere, links are listed and not followed, declared sizes are not trusted,
/// no passwords are tried. What could not be read is an AnalysisError or a LimitHit, never silence.
[[nodiscard]] Analysis archive_analyze(const Artifact& artifact, Budget& budget);

inline constexpr Analyzer kArchiveAnalyzer{"archive", archive_accepts, archive_analyze};

/// What libarchive and the C library would load at first use (character tables, time zone). Make
/// one before the first fork and keep it: inside the jail nothing can be loaded any more.
class ArchiveWarmUp {
public:
    ArchiveWarmUp();
    ~ArchiveWarmUp();
    ArchiveWarmUp(const ArchiveWarmUp&) = delete;
    ArchiveWarmUp& operator=(const ArchiveWarmUp&) = delete;
    ArchiveWarmUp(ArchiveWarmUp&&) = delete;
    ArchiveWarmUp& operator=(ArchiveWarmUp&&) = delete;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace postern::analyzers
