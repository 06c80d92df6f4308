#include "gateway/reputation/lists/feed_copy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "gateway/reputation/lists/list_text.hpp"

namespace postern::reputation {
namespace {

constexpr std::string_view kTitle = "# postern-feed 1\n";
constexpr std::string_view kEnd = "# end ";

struct KindWord {
    EntryKind kind;
    std::string_view word;
};
constexpr std::array<KindWord, 5> kKinds = {{{EntryKind::Ip, "ip"},
                                             {EntryKind::Domain, "domain"},
                                             {EntryKind::Address, "address"},
                                             {EntryKind::Url, "url"},
                                             {EntryKind::Digest, "sha256"}}};

std::string one_line(std::string text) {
    text.erase(std::remove_if(text.begin(), text.end(),
                              [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }),
               text.end());
    return text;
}

std::string_view word_of(EntryKind kind) {
    for (const KindWord& each : kKinds) {
        if (each.kind == kind) return each.word;
    }
    return "?";
}

/// "# NAME: value\n" taken from the front.
std::optional<std::string> take_field(std::string_view& text, std::string_view name) {
    const std::string start = "# " + std::string(name) + ": ";
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos || !text.starts_with(start) || end < start.size()) {
        return std::nullopt;
    }
    std::string value(text.substr(start.size(), end - start.size()));
    text.remove_prefix(end + 1);
    return value;
}

Failure<std::string> broken(const char* what) {
    return Failure{std::string("no copy of a feed: ") + what};
}

/// Cuts head and end off; what is left is the entries.
Outcome<FeedHead, std::string> unwrap(std::string_view& text, std::size_t& count) {
    if (!text.starts_with(kTitle)) return broken("it does not begin like one");
    text.remove_prefix(kTitle.size());
    FeedHead head;
    const auto kind = take_field(text, "kind");
    const auto source = take_field(text, "source");
    const auto etag = take_field(text, "etag");
    const auto modified = take_field(text, "modified");
    if (!kind || !source || !etag || !modified) return broken("its head is not whole");
    const auto* known = std::find_if(kKinds.begin(), kKinds.end(),
                                     [&](const KindWord& each) { return each.word == *kind; });
    if (known == kKinds.end()) return broken("its kind is unknown");
    head = {known->kind, *source, *etag, *modified};
    if (!text.ends_with('\n')) return broken("its end is missing");
    text.remove_suffix(1);
    const std::size_t line = text.rfind('\n');
    const std::size_t start = line == std::string_view::npos ? 0 : line + 1;
    const std::string_view end = text.substr(start);
    if (!end.starts_with(kEnd)) return broken("its end is missing");
    const char* stop = end.data() + end.size();
    const auto read = std::from_chars(end.data() + kEnd.size(), stop, count);
    if (read.ec != std::errc() || read.ptr != stop) return broken("its end has no number");
    text = text.substr(0, start);
    return head;
}

}  // namespace

std::string write_feed_copy(const FeedHead& head, const ListSet& set) {
    std::string text(kTitle);
    text.append("# kind: ").append(word_of(head.kind)) += '\n';
    text.append("# source: ").append(one_line(head.source)) += '\n';
    text.append("# etag: ").append(one_line(head.etag)) += '\n';
    text.append("# modified: ").append(one_line(head.modified)) += '\n';
    const std::vector<std::string> entries = set.entries();
    for (const std::string& entry : entries) text.append(entry) += '\n';
    return text.append(kEnd).append(std::to_string(entries.size())) += '\n';
}

Outcome<FeedHead, std::string> read_feed_head(std::string_view text) {
    std::size_t count = 0;
    return unwrap(text, count);
}

Outcome<FeedCopy, std::string> read_feed_copy(std::string_view text) {
    std::size_t count = 0;
    auto head = unwrap(text, count);
    if (!head) return Failure{head.error()};
    FeedCopy copy{std::move(head).value(), {}};
    const ListFormat format{.kind = copy.head.kind, .field = {}};
    const ListTally tally = read_list(
        text, format, {}, [&](std::string_view entry) { return copy.set.add(format.kind, entry); });
    if (tally.bad > 0) return broken("it holds a line that is no entry");
    copy.set.finish();
    if (tally.entries != count || copy.set.size() != count) return broken("entries are missing");
    return copy;
}

std::string feed_path(const std::string& folder, const std::string& name) {
    return folder + "/" + name + ".list";
}

std::string feed_checked_path(const std::string& folder, const std::string& name) {
    return folder + "/" + name + ".checked";
}

}  // namespace postern::reputation
