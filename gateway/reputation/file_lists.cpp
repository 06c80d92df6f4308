#include "gateway/reputation/file_lists.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "gateway/reputation/lists/feed_copy.hpp"
#include "gateway/reputation/lists/list_file.hpp"

namespace postern::reputation {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

std::string age_text(std::int64_t seconds) {
    if (seconds >= 2 * 86400) return std::to_string(seconds / 86400) + " days";
    if (seconds >= 2 * 3600) return std::to_string(seconds / 3600) + " hours";
    return std::to_string(seconds) + " seconds";
}

}  // namespace

struct FileLists::Source {
    explicit Source(FileSource wanted) : settings(std::move(wanted)) {}

    const FileSource settings;
    FileStamp read;             ///< last one that was read, well or not; of poll()'s thread
    FileStamp seen;             ///< last one that was found
    std::int64_t modified = 0;  ///< of the file that is in force, nanoseconds since 1970
    std::string told_content;   ///< problem with the file that an alarm stands for
    std::string told_age;       ///< likewise, of a feed's age
    std::atomic<std::int64_t> checked{0};  ///< last successful fetch, seconds since 1970
    std::atomic<bool> too_old{false};
    mutable std::atomic<std::uint64_t> lookups{0};
    mutable std::atomic<std::uint64_t> hits{0};
    mutable std::atomic<std::uint64_t> unknowns{0};

    [[nodiscard]] std::shared_ptr<const ListSet> set() const {
        const std::lock_guard lock(mutex_);
        return set_;
    }
    /// Readers keep the old one as long as they look into it: hence shared.
    void put(std::shared_ptr<const ListSet> fresh) {
        const std::lock_guard lock(mutex_);
        set_ = std::move(fresh);
    }
    [[nodiscard]] bool is_for(ListSubject use) const {
        const auto& all = settings.value.subjects;
        return std::find(all.begin(), all.end(), use) != all.end();
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const ListSet> set_;
};

FileLists::FileLists(std::vector<FileSource> sources, std::uint64_t max_size, AlarmHook alarm)
    : max_size_(max_size), alarm_(std::move(alarm)) {
    for (FileSource& each : sources) sources_.push_back(std::make_unique<Source>(std::move(each)));
}

FileLists::~FileLists() = default;

void FileLists::poll(std::int64_t now) {
    if (began_ == 0) began_ = now;
    for (const auto& each : sources_) {
        Source& source = *each;
        const FileStamp stamp = stamp_of(source.settings.path);
        const bool steady = stamp == std::exchange(source.seen, stamp);
        const bool feed = source.settings.kind == SourceKind::Feed;
        const bool fresh = source.set() == nullptr;
        if (stamp == FileStamp{}) {
            if (!feed)
                tell(source, source.told_content, source.settings.path + " is not there", true);
        } else if (stamp != source.read && (steady || feed || fresh)) {
            load(source);
        }
        if (feed) watch_age(source, now);
    }
}

void FileLists::load(Source& source) {
    const FileSource& settings = source.settings;
    auto file = read_file(settings.path, max_size_);
    if (!file) {
        tell(source, source.told_content, file.error(), true);
        return;
    }
    source.read = file->stamp;
    Outcome<ListSet, std::string> set = Failure{std::string()};
    if (settings.kind == SourceKind::Feed) {
        auto copy = read_feed_copy(file->text);
        if (!copy) {
            set = Failure{settings.path + ": " + copy.error()};
        } else if (copy->head.kind != settings.format.kind) {
            set = Failure{settings.path + ": is a feed of another kind"};
        } else {
            set = std::move(std::move(copy).value().set);
        }
    } else {
        set = parse_list(file->text, settings.path, settings.format);
    }
    if (!set) {
        tell(source, source.told_content, set.error(), true);
        return;
    }
    source.modified = source.read.modified;
    source.put(std::make_shared<const ListSet>(std::move(set).value()));
    tell(source, source.told_content, "can be read again", false);
}

void FileLists::watch_age(Source& source, std::int64_t now) {
    const FileSource& settings = source.settings;
    const FileStamp checked = stamp_of(settings.checked_path);
    const std::int64_t newest = std::max(checked.modified, source.modified) / kNanoseconds;
    source.checked = source.set() ? newest : 0;
    if (!source.set()) {
        if (now - began_ >= kFirstCopy)
            tell(source, source.told_age, "there is no copy of the feed yet", true);
        return;
    }
    const std::int64_t age = std::max<std::int64_t>(now - newest, 0);
    source.too_old = age > settings.max_age;
    if (source.too_old) {
        // One alarm, not one a second: the age itself is a figure.
        if (source.told_age.rfind("is too old", 0) != 0) {
            tell(source, source.told_age, "is too old: last fetched " + age_text(age) + " ago",
                 true);
        }
    } else {
        tell(source, source.told_age, "is up to date", false);
    }
}

/// `stands`: the problem is there; else it is over, if there was one.
void FileLists::tell(Source& source, std::string& told, const std::string& problem, bool stands) {
    if (stands ? told == problem : told.empty()) return;
    told = stands ? problem : std::string();
    if (alarm_) alarm_({source.settings.name, problem, !stands});
}

void FileLists::count(const Source& source, const std::string& shown,
                      std::optional<Listing> listing, ListAnswer& answer) const {
    ++source.lookups;
    if (listing) {
        ++source.hits;
        answer.listings.push_back(std::move(*listing));
    } else if (!source.set()) {
        ++source.unknowns;
        answer.unknowns.push_back({source.settings.name, shown, "it has not been read"});
    } else if (source.too_old) {
        ++source.unknowns;
        answer.unknowns.push_back({source.settings.name, shown, "it is too old"});
    }
}

namespace {

std::optional<std::string> entry_for(const ListSet& set, const FileSource& settings,
                                     const FileSubject& subject) {
    std::optional<std::string> entry;
    if (subject.address) entry = set.find(*subject.address);
    if (!entry && !subject.url_key.empty()) entry = set.find_url(subject.url_key);
    if (!entry && !subject.mailbox.empty() && set.has_address(subject.mailbox)) {
        entry = subject.mailbox;
    }
    if (entry || subject.host.empty()) return entry;
    if (!settings.value.subdomains) {
        if (set.has_domain(subject.host)) entry = subject.host;
        return entry;
    }
    // A host without a registrable domain is a public suffix or in a zone of no list: only itself.
    const std::string& least = subject.registrable.empty() ? subject.host : subject.registrable;
    return set.find_domain(subject.host, settings.whole_suffixes ? std::string_view() : least);
}

Listing listing_of(const FileSource& settings, std::string shown, std::string entry) {
    return {settings.name, std::move(shown), std::move(entry), settings.value.score, {}, false};
}

}  // namespace

ListAnswer FileLists::look_up(const FileSubject& subject) const {
    ListAnswer answer;
    for (const auto& each : sources_) {
        if (!each->is_for(subject.use) ||
            each->settings.format.kind == settings::EntryKind::Digest) {
            continue;
        }
        const auto set = each->set();
        std::optional<Listing> listing;
        if (set) {
            if (auto entry = entry_for(*set, each->settings, subject)) {
                listing = listing_of(each->settings, subject.shown, std::move(*entry));
            }
        }
        count(*each, subject.shown, std::move(listing), answer);
    }
    return answer;
}

ListAnswer FileLists::look_up_digest(const std::string& hex) const {
    ListAnswer answer;
    for (const auto& each : sources_) {
        if (each->settings.format.kind != settings::EntryKind::Digest) continue;
        const auto set = each->set();
        std::optional<Listing> listing;
        if (set && set->has_digest(hex)) listing = listing_of(each->settings, hex, hex);
        count(*each, hex, std::move(listing), answer);
    }
    return answer;
}

std::vector<ListFigures> FileLists::figures(std::int64_t now) const {
    std::vector<ListFigures> all;
    for (const auto& each : sources_) {
        ListFigures figures;
        figures.list = each->settings.name;
        figures.kind = each->settings.kind;
        figures.lookups = each->lookups;
        figures.hits = each->hits;
        figures.unknowns = each->unknowns;
        const auto set = each->set();
        figures.suspended = set == nullptr;
        figures.entries = set ? set->size() : 0;
        const std::int64_t checked = each->checked;
        if (checked > 0) figures.age_seconds = std::max<std::int64_t>(now - checked, 0);
        all.push_back(std::move(figures));
    }
    return all;
}

}  // namespace postern::reputation
