#pragma once

/// @file Files written into text: uuencode, yEnc, BinHex, and bare runs of base64.

#include <string>
#include <string_view>
#include <vector>

namespace postern {

enum class BlockKind : unsigned char { Uuencode, Yenc, Binhex, Base64 };

struct EncodedBlock {
    BlockKind kind = BlockKind::Base64;
    std::string name;  ///< as the block says, not cleaned; empty for base64
    std::string bytes;
};
inline constexpr std::size_t kMaxBlocks = 100;  ///< found in one text
/// Base64 lines together shorter than this are taken for words, digests and keys.
inline constexpr std::size_t kMinBase64Run = 80;

/// Finds the blocks of `text`, in order, at most kMaxBlocks; `cut` is set if there were more.
/// Base64 runs inside "-----BEGIN" armor are not listed: what they hold is known by its armor.
/// Linear; all outputs together are not longer than the text, save for BinHex, whose run lengths
/// may make it 256 times as long, up to `room` bytes in all.
struct EncodedBlocks {
    std::vector<EncodedBlock> blocks;
    bool cut = false;
};
[[nodiscard]] EncodedBlocks find_encoded_blocks(std::string_view text, std::size_t room);

/// Lines of uuencode (POSIX uuencode, historical algorithm) with or without "begin" and "end"
/// lines; lines that are none are skipped.
[[nodiscard]] std::string uuencode_read(std::string_view text);

}  // namespace postern
