/// @file Any bytes as a list in any syntax and kind. What is read back from its canonical form is
/// the same, and every entry is found.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "analyzers/base/bytes.hpp"
#include "gateway/reputation/lists/feed_copy.hpp"
#include "gateway/reputation/lists/list_text.hpp"

namespace {

using namespace postern::reputation;

void expect(bool held) {
    if (!held) std::abort();
}

/// A copy is stable: written, read and written again it is the same.
void expect_stable(EntryKind kind, const ListSet& set) {
    const FeedHead head{kind, "https://feed.example/", "etag", ""};
    const std::string text = write_feed_copy(head, set);
    const auto copy = read_feed_copy(text);
    expect(copy.has_value());
    expect(copy->head == head && copy->set.size() == set.size());
    expect(write_feed_copy(head, copy->set) == text);
    for (const std::string& entry : set.entries()) {
        if (kind == EntryKind::Domain) {
            const std::string below = "x." + entry;
            expect(set.find_domain(entry, entry) == entry);
            expect(set.find_domain(below, entry) == (set.has_domain(below) ? below : entry));
        }
        if (kind == EntryKind::Url) expect(set.find_url(entry) == entry);
        if (kind == EntryKind::Address) expect(set.has_address(entry));
        if (kind == EntryKind::Digest) expect(set.has_digest(entry));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    ListFormat format;
    format.syntax = static_cast<ListSyntax>(data[0] & 3U);
    const unsigned kind = 1 + (data[0] >> 2U) % 5;
    format.kind = static_cast<EntryKind>(kind);
    format.column = 1 + data[1] % 4;
    format.header = (data[1] & 0x80U) != 0;
    format.field = "url";
    const void* start = data + 2;
    const std::string_view text(static_cast<const char*>(start), size - 2);
    ListSet set;
    const ListTally tally = read_list(text, format, {size, size}, [&](std::string_view entry) {
        return set.add(format.kind, entry);
    });
    set.finish();
    expect(set.size() <= tally.entries);
    expect_stable(format.kind, set);
    if (const auto copy = read_feed_copy(text)) {
        expect(read_feed_head(text).has_value());
        expect_stable(copy->head.kind, copy->set);
    }
    return 0;
}
