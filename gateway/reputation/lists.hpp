#pragma once

/// @file The one set of lists that a gateway has: DNS lists, list files, feeds, and what is let in
/// or kept out by name.
///
///     reputation::Lists lists(settings.lists, resolver, alarm);
///     lists.start();
///     lists.prefetch_client(address, inquiry);               // at connect, does not wait
///     const ListAnswer said = lists.client(address, inquiry);  // after the banner wait

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "analyzers/api/report.hpp"
#include "gateway/dns/inquiry.hpp"
#include "gateway/mail/address.hpp"
#include "gateway/reputation/dns_lists.hpp"
#include "gateway/reputation/file_lists.hpp"
#include "gateway/reputation/links.hpp"
#include "gateway/reputation/listing.hpp"
#include "gateway/reputation/public_suffixes.hpp"
#include "gateway/settings/lists.hpp"

namespace postern::reputation {

/// By [lists].allow and [lists].deny. Where both hold, Allowed.
enum class Standing : std::uint8_t { None, Allowed, Denied };
struct LocalWord {
    Standing standing = Standing::None;
    std::string entry;    ///< what matched, in its canonical form
    std::string expired;  ///< an entry that would have allowed it and whose time is over
    std::vector<Unknown> unknowns;
};

/// A listed link or object of a message.
struct ContentListing {
    Listing listing;
    std::uint32_t object = 0;  ///< Report::objects index where it stood
    std::string url;           ///< empty: the object itself is listed by its digest
    bool whole_url = false;    ///< this very URL is listed, not only its domain
};
struct ContentAnswer {
    std::vector<ContentListing> listings;  ///< one for each list and domain, URL or digest
    std::vector<Unknown> unknowns;         ///< one for each list
    std::size_t skipped = 0;               ///< domains beyond max_domains that were not asked for
    std::vector<std::string> skipped_names;
};
inline constexpr std::size_t kMaxContentListings = 50;

/// Thread-safe. Calls with an Inquiry wait for answers, no longer than its budget allows.
class Lists {
public:
    /// `alarm` is called from several threads and must not block. Throws std::runtime_error when
    /// the Public Suffix List cannot be read. The resolver outlives the lists.
    Lists(const settings::Lists& settings, dns::Resolver& resolver,
          std::function<void(const Alarm&)> alarm);
    ~Lists();
    Lists(const Lists&) = delete;
    Lists& operator=(const Lists&) = delete;

    /// Reads the files, starts the tests of DNS lists and the thread that repeats both.
    void start();
    void stop();
    /// What that thread does once; for tests.
    void tick();
    /// tick(), and waits until the first tests of DNS lists are over: for programs that ask once.
    /// False: they are not, within kTestPatience and a second.
    bool settle();

    /// The client's address by name of the operator. Never waits.
    [[nodiscard]] LocalWord client_standing(const mail::IpAddress& client) const;
    /// A mailbox or its domain. Anybody can write any sender: an allowed one means something only
    /// where it has been authenticated.
    [[nodiscard]] LocalWord sender_standing(const mail::Mailbox& sender) const;
    [[nodiscard]] LocalWord domain_standing(std::string_view domain) const;

    /// Starts the questions that client() and domain() with the same inquiry wait for.
    void prefetch_client(const mail::IpAddress& client, dns::Inquiry& inquiry) const;
    void prefetch_domain(ListSubject use, std::string_view domain, dns::Inquiry& inquiry) const;
    void prefetch_links(const analyzers::Report& report, dns::Inquiry& inquiry) const;

    [[nodiscard]] ListAnswer client(const mail::IpAddress& client, dns::Inquiry& inquiry) const;
    /// `use` is Helo or Sender. A text that is no host name is in no list.
    [[nodiscard]] ListAnswer domain(ListSubject use, std::string_view domain,
                                    dns::Inquiry& inquiry) const;
    /// Without waiting: see DnsLists::ask(). Files and feeds are part of the answer.
    void client(const mail::IpAddress& client, dns::TimePoint deadline, DnsLists::Done done) const;

    /// Links of the report in DNS lists, files and feeds; digests of its objects in digest lists.
    [[nodiscard]] ContentAnswer content(const analyzers::Report& report,
                                        dns::Inquiry& inquiry) const;

    /// "" for addresses, public suffixes and what is no host name.
    [[nodiscard]] std::string registrable_domain(std::string_view host) const {
        return suffixes_.registrable_domain(host);
    }
    [[nodiscard]] std::vector<ListFigures> figures() const;
    [[nodiscard]] bool testing() const { return dns_.testing(); }

    /// How long a test point is waited for.
    static constexpr std::chrono::milliseconds kTestPatience{5000};

private:
    [[nodiscard]] LocalWord standing(const FileSubject& subject) const;
    [[nodiscard]] std::optional<Subject> host_subject(ListSubject use, std::string_view host) const;
    [[nodiscard]] ListAnswer files_about(const Subject& subject) const;
    void watch();

    settings::Lists settings_;
    std::function<void(const Alarm&)> alarm_;
    PublicSuffixes suffixes_;
    DnsLists dns_;
    FileLists files_;
    /// Entries of [lists].allow that count until the same time.
    struct AllowSet {
        ListSet set;
        std::optional<std::int64_t> until;  ///< seconds since 1970; nullopt: for ever
    };
    [[nodiscard]] static std::vector<AllowSet> allow_sets(const std::vector<std::string>& entries);
    [[nodiscard]] std::optional<std::string> allowing_entry(const FileSubject& subject,
                                                            LocalWord& word) const;

    std::vector<AllowSet> allow_;
    ListSet deny_;
    FileLists allow_files_;
    FileLists deny_files_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::chrono::steady_clock::time_point next_test_;  ///< of tick()'s thread
    std::thread thread_;
};

}  // namespace postern::reputation
