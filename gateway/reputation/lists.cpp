#include "gateway/reputation/lists.hpp"

#include <algorithm>
#include <ctime>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "gateway/reputation/lists/feed_copy.hpp"
#include "gateway/reputation/lists/host_name.hpp"
#include "gateway/settings/allow_entry.hpp"

namespace postern::reputation {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

PublicSuffixes load_suffixes(const std::string& file) {
    auto loaded = PublicSuffixes::load(file);
    if (!loaded) throw std::runtime_error(loaded.error());
    return std::move(loaded).value();
}

std::vector<FileSource> sources_of(const settings::Lists& settings) {
    std::vector<FileSource> sources;
    for (const settings::ListFile& each : settings.files) {
        FileSource source;
        source.name = each.name;
        source.path = each.path;
        source.format = each.format;
        source.value = each.value;
        sources.push_back(std::move(source));
    }
    for (const settings::ListFeed& each : settings.feeds) {
        FileSource source;
        source.name = each.name;
        source.kind = SourceKind::Feed;
        source.path = feed_path(settings.feed_folder, each.name);
        source.checked_path = feed_checked_path(settings.feed_folder, each.name);
        source.format = each.format;
        source.value = each.value;
        source.max_age = std::chrono::duration_cast<std::chrono::seconds>(each.max_age).count();
        sources.push_back(std::move(source));
    }
    return sources;
}

std::vector<FileSource> local_sources(const std::string& name,
                                      const std::vector<std::string>& paths) {
    std::vector<FileSource> sources;
    for (const std::string& path : paths) {
        FileSource source;
        source.name = name;
        source.path = path;
        source.format.kind = EntryKind::Any;
        source.value.subjects = {ListSubject::Client};
        source.whole_suffixes = true;
        sources.push_back(std::move(source));
    }
    return sources;
}

ListSet set_of(const std::string& name, const std::vector<std::string>& entries) {
    ListSet set;
    for (const std::string& each : entries) {
        if (!set.add(EntryKind::Any, each)) {
            throw std::runtime_error("lists." + name + ": \"" + each +
                                     "\" is no network, domain or address");
        }
    }
    set.finish();
    return set;
}

/// Several files of [lists].deny_files are one list.
void add_figures(ListFigures figures, std::vector<ListFigures>& all) {
    const auto same = std::find_if(
        all.begin(), all.end(), [&](const ListFigures& each) { return each.list == figures.list; });
    if (same == all.end()) {
        all.push_back(std::move(figures));
        return;
    }
    same->lookups += figures.lookups;
    same->hits += figures.hits;
    same->unknowns += figures.unknowns;
    same->suspended = same->suspended || figures.suspended;
    same->entries += figures.entries;
}

std::optional<std::string> entry_of(const ListSet& set, const FileSubject& subject) {
    if (subject.address) return set.find(*subject.address);
    if (!subject.mailbox.empty() && set.has_address(subject.mailbox)) return subject.mailbox;
    return set.find_domain(subject.host, {});
}

}  // namespace

Lists::Lists(const settings::Lists& settings, dns::Resolver& resolver,
             std::function<void(const Alarm&)> alarm)
    : settings_(settings),
      alarm_(std::move(alarm)),
      suffixes_(load_suffixes(settings.public_suffixes)),
      dns_(settings.dns, resolver, alarm_),
      files_(sources_of(settings), settings.max_file_size, alarm_),
      allow_(allow_sets(settings.allow)),
      deny_(set_of("deny", settings.deny)),
      allow_files_(local_sources("allow", settings.allow_files), settings.max_file_size, alarm_),
      deny_files_(local_sources("deny", settings.deny_files), settings.max_file_size, alarm_) {}

Lists::~Lists() {
    stop();
}

void Lists::start() {
    tick();
    thread_ = std::thread([this] { watch(); });
}

void Lists::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

void Lists::watch() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, settings_.reload_interval, [this] { return stopping_; })) {
        lock.unlock();
        tick();
        lock.lock();
    }
}

void Lists::tick() {
    const auto now = steady_clock::now();
    if (now >= next_test_) {
        next_test_ = now + settings_.test_interval;
        dns_.test(kTestPatience);
    }
    dns_.test_suspects(kTestPatience);
    const auto wall = static_cast<std::int64_t>(std::time(nullptr));
    for (FileLists* each : {&files_, &allow_files_, &deny_files_}) each->poll(wall);
}

bool Lists::settle() {
    tick();
    const auto until = steady_clock::now() + kTestPatience + std::chrono::seconds(1);
    while (dns_.testing() && steady_clock::now() < until) {
        std::this_thread::sleep_for(milliseconds(2));
    }
    return !dns_.testing();
}

std::vector<Lists::AllowSet> Lists::allow_sets(const std::vector<std::string>& entries) {
    std::map<std::optional<std::int64_t>, std::vector<std::string>> by_end;
    for (const std::string& each : entries) {
        const auto entry = settings::parse_allow_entry(each);
        if (!entry) throw std::runtime_error("lists.allow: \"" + each + "\" ends at no day");
        by_end[entry->until].push_back(entry->who);
    }
    std::vector<AllowSet> sets;
    for (const auto& [until, who] : by_end) sets.push_back({set_of("allow", who), until});
    return sets;
}

std::optional<std::string> Lists::allowing_entry(const FileSubject& subject,
                                                 LocalWord& word) const {
    const auto now = static_cast<std::int64_t>(std::time(nullptr));
    for (const AllowSet& each : allow_) {
        auto entry = entry_of(each.set, subject);
        if (!entry) continue;
        if (!each.until || now < *each.until) return entry;
        word.expired = std::move(*entry);
    }
    return std::nullopt;
}

LocalWord Lists::standing(const FileSubject& subject) const {
    LocalWord word;
    for (const bool allow : {true, false}) {
        auto entry = allow ? allowing_entry(subject, word) : entry_of(deny_, subject);
        if (!entry) {
            ListAnswer said = (allow ? allow_files_ : deny_files_).look_up(subject);
            if (!said.listings.empty()) entry = said.listings.front().value;
            for (Unknown& each : said.unknowns) word.unknowns.push_back(std::move(each));
        }
        if (!entry) continue;
        word.standing = allow ? Standing::Allowed : Standing::Denied;
        word.entry = std::move(*entry);
        return word;
    }
    return word;
}

LocalWord Lists::client_standing(const mail::IpAddress& client) const {
    FileSubject subject;
    subject.shown = client.text();
    subject.address = client;
    return standing(subject);
}

LocalWord Lists::sender_standing(const mail::Mailbox& sender) const {
    FileSubject subject;
    subject.shown = sender.text();
    subject.mailbox = sender.text();
    subject.host = ascii_host(sender.domain().text()).value_or("");
    return standing(subject);
}

LocalWord Lists::domain_standing(std::string_view domain) const {
    FileSubject subject;
    subject.shown = domain;
    subject.host = ascii_host(domain).value_or("");
    return subject.host.empty() ? LocalWord{} : standing(subject);
}

std::optional<Subject> Lists::host_subject(ListSubject use, std::string_view host) const {
    auto name = ascii_host(host);
    if (!name) return std::nullopt;
    std::string registrable = suffixes_.registrable_domain(*name);
    return Subject{use, HostSubject{std::move(*name), std::move(registrable)}};
}

void Lists::prefetch_client(const mail::IpAddress& client, dns::Inquiry& inquiry) const {
    dns_.prefetch({{ListSubject::Client, client}}, inquiry);
}

void Lists::prefetch_domain(ListSubject use, std::string_view domain, dns::Inquiry& inquiry) const {
    if (const auto subject = host_subject(use, domain)) dns_.prefetch({*subject}, inquiry);
}

void Lists::prefetch_links(const analyzers::Report& report, dns::Inquiry& inquiry) const {
    if (dns_.empty()) return;
    dns_.prefetch(collect_links(report, suffixes_, settings_.max_domains).subjects, inquiry);
}

ListAnswer Lists::files_about(const Subject& subject) const {
    FileSubject asked;
    asked.use = subject.use;
    asked.shown = subject.text();
    if (const auto* host = std::get_if<HostSubject>(&subject.value)) {
        asked.host = host->host;
        asked.registrable = host->registrable;
    } else {
        asked.address = std::get<mail::IpAddress>(subject.value);
    }
    return files_.look_up(asked);
}

ListAnswer Lists::client(const mail::IpAddress& client, dns::Inquiry& inquiry) const {
    const Subject subject{ListSubject::Client, client};
    ListAnswer answer = dns_.ask({subject}, inquiry);
    answer.add(files_about(subject));
    return answer;
}

void Lists::client(const mail::IpAddress& client, dns::TimePoint deadline,
                   DnsLists::Done done) const {
    const Subject subject{ListSubject::Client, client};
    dns_.ask({subject}, deadline,
             [files = files_about(subject), done = std::move(done)](ListAnswer answer) {
                 answer.add(files);
                 done(std::move(answer));
             });
}

ListAnswer Lists::domain(ListSubject use, std::string_view domain, dns::Inquiry& inquiry) const {
    const auto subject = host_subject(use, domain);
    if (!subject) return {};
    ListAnswer answer = dns_.ask({*subject}, inquiry);
    answer.add(files_about(*subject));
    return answer;
}

std::vector<ListFigures> Lists::figures() const {
    const auto now = static_cast<std::int64_t>(std::time(nullptr));
    std::vector<ListFigures> all = dns_.figures();
    for (const FileLists* each : {&files_, &allow_files_, &deny_files_}) {
        for (ListFigures& figures : each->figures(now)) add_figures(std::move(figures), all);
    }
    return all;
}

}  // namespace postern::reputation
