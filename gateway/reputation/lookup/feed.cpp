#include "gateway/reputation/lookup/feed.hpp"

#include <algorithm>
#include <utility>

#include "gateway/reputation/lists/list_text.hpp"
#include "gateway/reputation/lookup/fetch.hpp"

namespace postern::reputation {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstRetry = std::chrono::seconds(30);

std::uint64_t lines_of(std::string_view text) {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

FeedRound failed(std::string why) {
    return {.kind = FeedRound::Kind::Failed, .why = std::move(why)};
}

}  // namespace

Outcome<FeedText, std::string> read_feed_text(std::string_view body,
                                              const settings::ListFeed& feed) {
    const double allowed = static_cast<double>(lines_of(body)) * feed.max_bad / 100;
    FeedText made;
    const ListTally tally =
        read_list(body, feed.format, {static_cast<std::size_t>(allowed), feed.max_entries},
                  [&](std::string_view entry) { return made.set.add(feed.format.kind, entry); });
    if (tally.stopped && tally.entries > feed.max_entries) {
        return Failure{"it has more than " + std::to_string(feed.max_entries) + " entries"};
    }
    if (tally.stopped) {
        return Failure{"more than " + std::to_string(static_cast<std::size_t>(allowed)) +
                       " lines are no entries; line " + std::to_string(tally.first_bad_line) + " " +
                       tally.first_bad};
    }
    if (tally.entries == 0) return Failure{std::string("it has no entry")};
    made.set.finish();
    made.bad = tally.bad;
    return made;
}

FeedRound Feed::round() {
    const settings::ListFeed& feed = wanted_.feed;
    FetchRequest request;
    request.url = feed.url;
    request.headers = wanted_.headers;
    request.authorities = authorities_;
    request.timeout = feed.timeout;
    request.max_size = feed.max_size;
    request.allow_private = feed.allow_private;
    request.stop = &stop_;
    const auto head = folder_.head(feed.name);
    if (head && head->source == feed.url && head->kind == feed.format.kind) {
        request.etag = head->etag;
        request.modified = head->modified;
    }
    ++failures_;  // until it is known to be none
    auto fetched = fetch(request, resolver_);
    if (!fetched) return failed(fetched.error());
    if (fetched->unchanged) {
        const auto marked = folder_.mark_checked(feed.name);
        if (!marked) return failed(marked.error());
        failures_ = 0;
        return {.kind = FeedRound::Kind::Unchanged, .why = {}};
    }
    const auto text = read_feed_text(fetched->body, feed);
    if (!text) return failed(text.error());
    const std::string copy =
        write_feed_copy({feed.format.kind, feed.url, fetched->etag, fetched->modified}, text->set);
    const auto put = folder_.put(feed.name, copy);
    if (!put) return failed(put.error());
    failures_ = 0;
    return {
        .kind = FeedRound::Kind::Fresh, .entries = text->set.size(), .bad = text->bad, .why = {}};
}

milliseconds Feed::wait(std::int64_t now) const {
    const milliseconds refresh = wanted_.feed.refresh;
    if (failures_ > 0) {
        return std::min(refresh, kFirstRetry * (1 << std::min(failures_ - 1, 10U)));
    }
    const std::int64_t checked = folder_.checked(wanted_.feed.name);
    if (checked == 0) return milliseconds(0);
    const milliseconds age = std::chrono::seconds(std::max<std::int64_t>(now - checked, 0));
    return std::clamp(refresh - age, milliseconds(0), refresh);
}

}  // namespace postern::reputation
