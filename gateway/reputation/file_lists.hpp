#pragma once

/// @file Lists that are files: the operator's own and the copies of feeds, reloaded when they
/// change.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/mail/ip_address.hpp"
#include "gateway/reputation/listing.hpp"
#include "gateway/reputation/lists/list_set.hpp"
#include "gateway/settings/lists.hpp"

namespace postern::reputation {

struct FileSource {
    std::string name;
    SourceKind kind = SourceKind::File;  ///< File or Feed
    std::string path;
    std::string checked_path;  ///< of feeds: touched by each successful fetch
    settings::ListFormat format;
    settings::ListValue value;
    /// A domain entry stands for all domains below it, even if it is a public suffix.
    bool whole_suffixes = false;
    std::int64_t max_age = 0;  ///< seconds, of feeds
};

/// What is looked up; only what is known is set.
struct FileSubject {
    ListSubject use = ListSubject::Client;
    std::string shown;  ///< for Listing::subject
    std::optional<mail::IpAddress> address = {};
    std::string host = {};         ///< as ascii_host() writes it
    std::string registrable = {};  ///< of the host; parents of it are not looked up
    std::string mailbox = {};
    std::string url_key = {};
};

/// Thread-safe. What is in force is never half of a file: it is read whole, and put in the place of
/// the old list in one step. A file that cannot be read leaves the old list in force and raises an
/// alarm; one that never could is Unknown.
class FileLists {
public:
    using AlarmHook = std::function<void(const Alarm& alarm)>;

    FileLists(std::vector<FileSource> sources, std::uint64_t max_size, AlarmHook alarm);
    ~FileLists();
    FileLists(const FileLists&) = delete;
    FileLists& operator=(const FileLists&) = delete;

    /// Reads what is new or has changed. A changed file of the operator is read when two calls in a
    /// row found it the same: somebody may be writing it. `now`: seconds since 1970. One thread at
    /// a time.
    void poll(std::int64_t now);

    [[nodiscard]] ListAnswer look_up(const FileSubject& subject) const;
    /// `hex`: SHA-256.
    [[nodiscard]] ListAnswer look_up_digest(const std::string& hex) const;

    [[nodiscard]] bool empty() const { return sources_.empty(); }
    [[nodiscard]] std::vector<ListFigures> figures(std::int64_t now) const;

    /// How long a feed without any copy is waited for before that is an alarm, seconds.
    static constexpr std::int64_t kFirstCopy = 60;

private:
    struct Source;
    void load(Source& source);
    void watch_age(Source& source, std::int64_t now);
    void tell(Source& source, std::string& told, const std::string& problem, bool stands);
    void count(const Source& source, const std::string& shown, std::optional<Listing> listing,
               ListAnswer& answer) const;

    std::vector<std::unique_ptr<Source>> sources_;
    std::uint64_t max_size_;
    AlarmHook alarm_;
    std::int64_t began_ = 0;
};

}  // namespace postern::reputation
