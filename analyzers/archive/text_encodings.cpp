/// @file Binary files written as text: uuencode, yEnc, BinHex.

#include <algorithm>
#include <string>
#include <utility>

#include "analyzers/archive/formats.hpp"
#include "analyzers/base/bytes.hpp"
#include "analyzers/base/encoded_blocks.hpp"

namespace postern::analyzers {

void unpack_encoded_text(Unpacking& unpacking) {
    const std::string_view text = as_text(unpacking.bytes());
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(unpacking.room(), SIZE_MAX));
    EncodedBlocks found = find_encoded_blocks(text, room);
    if (found.cut) unpacking.fail(ErrorCode::Resource, "not all blocks were read");
    bool any = false;
    for (EncodedBlock& block : found.blocks) {
        if (block.kind == BlockKind::Base64) continue;
        if (!unpacking.admit_member()) return;
        std::string content;
        const bool whole = unpacking.append(content, block.bytes);
        any = true;
        unpacking.add_child(
            std::move(content), block.name,
            whole ? std::vector<std::string>{} : std::vector<std::string>{"truncated"});
    }
    if (!any) unpacking.fail(ErrorCode::Corrupt, "no block could be decoded");
}

}  // namespace postern::analyzers
