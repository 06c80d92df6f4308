#pragma once

/// @file The unpackers, one per way of reading. Each adds to the Unpacking what it finds.

#include "analyzers/archive/unpacking.hpp"

namespace postern::analyzers {

/// Zip, with all its ways of showing different things to different programs (zip_walk.cpp).
void unpack_zip(Unpacking& unpacking);
/// gzip (RFC 1952) with any number of members.
void unpack_gzip(Unpacking& unpacking);
/// Whatever libarchive reads, by the format or filter that belongs to `type`. False: none does.
[[nodiscard]] bool unpack_by_libarchive(Unpacking& unpacking, std::string_view type);
/// Says what RAR headers say and libarchive does not: encryption, volumes.
void judge_rar(Unpacking& unpacking);
/// Archives behind a program or a picture, by their signatures.
void carve_appended(Unpacking& unpacking);
/// Text encodings of binary files: uuencode, BinHex 4.0, yEnc.
void unpack_encoded_text(Unpacking& unpacking);

/// What stands behind the end of the archive, if it is more than padding, becomes a child.
void add_trailer(Unpacking& unpacking, std::size_t end);

/// One zip member of a method that zlib does not know, decoded by libarchive. `member` is the
/// local header and the data, with honest sizes. False: unsupported, encrypted or broken; said so.
[[nodiscard]] bool decode_zip_member(Unpacking& unpacking, std::string_view member,
                                     std::string& content);

}  // namespace postern::analyzers
