#pragma once

/// @file One feed: asks whether there is something new, checks that it is a list, puts it in force.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "gateway/dns/resolver.hpp"
#include "gateway/reputation/lookup/feed_folder.hpp"
#include "gateway/reputation/lookup/settings.hpp"

namespace postern::reputation {

/// What one round came to.
struct FeedRound {
    enum class Kind : std::uint8_t { Fresh, Unchanged, Failed };
    Kind kind = Kind::Failed;
    std::uint64_t entries = 0;  ///< of a fresh copy
    std::uint64_t bad = 0;      ///< lines that were left out
    std::string why;            ///< of Failed; the copy from before stays in force
};

/// The list in `body`, or a sentence: too many lines that are no entries, too many entries, none.
struct FeedText {
    ListSet set;
    std::uint64_t bad = 0;
};
[[nodiscard]] Outcome<FeedText, std::string> read_feed_text(std::string_view body,
                                                            const settings::ListFeed& feed);

class Feed {
public:
    Feed(LookupFeed wanted, const FeedFolder& folder, dns::Resolver& resolver,
         std::string authorities, const std::atomic<bool>& stop)
        : wanted_(std::move(wanted)),
          folder_(folder),
          resolver_(resolver),
          authorities_(std::move(authorities)),
          stop_(stop) {}

    [[nodiscard]] const std::string& name() const { return wanted_.feed.name; }
    [[nodiscard]] FeedRound round();
    /// How long to wait before the next round; `now`: seconds since 1970.
    [[nodiscard]] std::chrono::milliseconds wait(std::int64_t now) const;

private:
    LookupFeed wanted_;
    const FeedFolder& folder_;
    dns::Resolver& resolver_;
    std::string authorities_;
    const std::atomic<bool>& stop_;
    unsigned failures_ = 0;
};

}  // namespace postern::reputation
