#pragma once

/// @file The copy of a feed that postern-lookup leaves for the gateway. Grammar (each line ends in
/// LF; values have no control characters):
///
///     copy   = "# postern-feed 1" LF head *entry end
///     head   = "# kind: " kind LF "# source: " url LF "# etag: " text LF "# modified: " text LF
///     entry  = canonical form of the kind, sorted; never begins with "#"
///     end    = "# end " number-of-entries LF
///
/// A copy without its end is no copy. The file feed_checked_path() is touched by each fetch that
/// succeeded, also one that found nothing new: its modification time is the age of the copy.

#include <cstdint>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "gateway/reputation/lists/list_set.hpp"

namespace postern::reputation {

struct FeedHead {
    EntryKind kind = EntryKind::Domain;
    std::string source;    ///< URL it was asked for under
    std::string etag;      ///< as the server sent it; empty: it sent none
    std::string modified;  ///< Last-Modified, likewise

    friend bool operator==(const FeedHead&, const FeedHead&) = default;
};

struct FeedCopy {
    FeedHead head;
    ListSet set;
};

/// `set` has been finished.
[[nodiscard]] std::string write_feed_copy(const FeedHead& head, const ListSet& set);
/// The failure is a sentence.
[[nodiscard]] Outcome<FeedCopy, std::string> read_feed_copy(std::string_view text);
/// Only the head, and whether the end is there.
[[nodiscard]] Outcome<FeedHead, std::string> read_feed_head(std::string_view text);

/// FOLDER/NAME.list
[[nodiscard]] std::string feed_path(const std::string& folder, const std::string& name);
/// FOLDER/NAME.checked
[[nodiscard]] std::string feed_checked_path(const std::string& folder, const std::string& name);

}  // namespace postern::reputation
