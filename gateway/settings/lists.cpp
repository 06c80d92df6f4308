#include "gateway/settings/lists.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "analyzers/base/ascii.hpp"
#include "gateway/settings/allow_entry.hpp"
#include "gateway/settings/key_reader.hpp"

namespace postern::settings {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kMaxName = 64;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

constexpr Choice<DnsListKind> kDnsKinds[] = {{"ip", DnsListKind::Ip},
                                             {"domain", DnsListKind::Domain}};
constexpr Choice<NameDepth> kDepths[] = {
    {"registrable", NameDepth::Registrable}, {"host", NameDepth::Host}, {"both", NameDepth::Both}};
constexpr Choice<ListSyntax> kSyntaxes[] = {{"plain", ListSyntax::Plain},
                                            {"hosts", ListSyntax::Hosts},
                                            {"csv", ListSyntax::Csv},
                                            {"jsonl", ListSyntax::JsonLines}};
constexpr Choice<EntryKind> kEntryKinds[] = {
    {"any", EntryKind::Any},         {"ip", EntryKind::Ip},   {"domain", EntryKind::Domain},
    {"address", EntryKind::Address}, {"url", EntryKind::Url}, {"sha256", EntryKind::Digest}};

struct SubjectWord {
    std::string_view word;
    ListSubject subject;
};
constexpr SubjectWord kSubjects[] = {{"client", ListSubject::Client},
                                     {"helo", ListSubject::Helo},
                                     {"sender", ListSubject::Sender},
                                     {"link", ListSubject::Link}};

bool is_domain(std::string_view text) {
    if (text.empty() || text.size() > 253 || text.front() == '.' || text.back() == '.' ||
        text.find("..") != std::string_view::npos) {
        return false;
    }
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return ascii_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

/// An address or a network without bits behind its prefix.
bool is_network(const std::string& text) {
    const std::size_t slash = text.find('/');
    const std::string base = text.substr(0, slash);
    std::array<unsigned char, 16> bytes{};
    const bool v6 = base.find(':') != std::string::npos;
    if (::inet_pton(v6 ? AF_INET6 : AF_INET, base.c_str(), bytes.data()) != 1) return false;
    if (slash == std::string::npos) return true;
    unsigned bits = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + slash + 1, end, bits);
    const unsigned most = v6 ? 128 : 32;
    if (read.ec != std::errc() || read.ptr != end || bits > most) return false;
    for (unsigned bit = bits; bit < most; ++bit) {
        if ((bytes.at(bit / 8) & (0x80U >> (bit % 8))) != 0) return false;
    }
    return true;
}

bool is_address(std::string_view text) {
    const std::size_t at = text.rfind('@');
    return at != std::string_view::npos && at > 0 && is_domain(text.substr(at + 1)) &&
           text.find_first_of(" \t\r\n<>") == std::string_view::npos;
}

bool numeric(std::string_view text) {
    return text.find_first_not_of("0123456789./") == std::string_view::npos;
}

/// Those that let in may have an end.
void read_entries(KeyReader& keys, const std::string& key, std::vector<std::string>& entries,
                  bool may_end) {
    keys.list(key, entries);
    for (const std::string& text : entries) {
        const auto parsed = may_end ? parse_allow_entry(text) : AllowEntry{text, std::nullopt};
        if (!parsed) {
            keys.fail(key, "holds \"" + text + "\"; a day like \"until 2027-03-31\" is expected");
        }
        const std::string& entry = parsed->who;
        const bool network_like = numeric(entry) || entry.find(':') != std::string::npos;
        const bool well = network_like ? is_network(entry) : is_address(entry) || is_domain(entry);
        if (well) continue;
        keys.fail(key, "holds \"" + entry +
                           "\"; a network without bits behind its prefix, a domain or an address "
                           "is expected");
    }
}

/// The name comes first: `effective` begins a table at each.
void read_name(KeyReader& keys, const std::string& table, std::string& name,
               std::set<std::string, std::less<>>& taken) {
    keys.text(table + ".name", name);
    const bool well = !name.empty() && name.size() <= kMaxName &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                          return ascii_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
                      });
    if (!well) {
        keys.fail(keys.has(table + ".name") ? table + ".name" : table,
                  "has no name of lower-case letters, digits, \"_\" and \"-\"");
    }
    if (!taken.insert(name).second) keys.fail(table + ".name", "is the name of two lists");
}

void read_subjects(KeyReader& keys, const std::string& key, std::vector<ListSubject>& subjects) {
    std::vector<std::string> words;
    for (const ListSubject each : subjects) {
        for (const SubjectWord& known : kSubjects) {
            if (known.subject == each) words.emplace_back(known.word);
        }
    }
    keys.list(key, words, true);
    subjects.clear();
    for (const std::string& word : words) {
        const auto* known =
            std::find_if(std::begin(kSubjects), std::end(kSubjects),
                         [&](const SubjectWord& each) { return each.word == word; });
        if (known == std::end(kSubjects)) {
            keys.fail(key, "holds \"" + word +
                               "\"; \"client\", \"helo\", \"sender\" or \"link\" is expected");
        }
        subjects.push_back(known->subject);
    }
}

void read_codes(KeyReader& keys, const std::string& key, const std::vector<std::string>& standard,
                std::vector<ListCode>& codes) {
    std::vector<std::string> texts = standard;
    keys.list(key, texts);
    for (const std::string& text : texts) {
        const auto code = parse_list_code(text);
        if (!code) keys.fail(key, code.error());
        codes.push_back(*code);
    }
}

DnsList read_dns_list(KeyReader& keys, const std::string& table,
                      std::set<std::string, std::less<>>& taken) {
    DnsList list;
    read_name(keys, table, list.name, taken);
    keys.text(table + ".zone", list.zone);
    if (list.zone.ends_with('.')) list.zone.pop_back();
    if (!is_domain(list.zone) || list.zone.size() > 180) {
        keys.fail(keys.has(table + ".zone") ? table + ".zone" : table,
                  "has no zone; a domain like \"list.example\" is expected");
    }
    keys.choice(table + ".kind", list.kind, kDnsKinds);
    const bool ip = list.kind == DnsListKind::Ip;
    list.subjects = {ip ? ListSubject::Client : ListSubject::Link};
    read_subjects(keys, table + ".subjects", list.subjects);
    read_codes(keys, table + ".codes", {"127.0.0.2-255"}, list.codes);
    read_codes(keys, table + ".errors", {}, list.errors);
    keys.number(table + ".score", list.score, -100, 100);
    keys.choice(table + ".names", list.names, kDepths);
    keys.flag(table + ".ipv6", list.ipv6);
    keys.flag(table + ".ip_links", list.ip_links);
    keys.flag(table + ".reason", list.reason);
    keys.flag(table + ".test_points", list.test_points);
    for (const auto& [key, point] : {std::pair{".test_listed", &list.test_listed},
                                     std::pair{".test_unlisted", &list.test_unlisted}}) {
        keys.text(table + key, *point);
        if (!point->empty() && (!is_domain(*point) || point->size() > 60)) {
            keys.fail(table + key, "is no name that could stand in front of the zone");
        }
    }
    keys.flag(table + ".authoritative", list.authoritative);
    return list;
}

void read_format(KeyReader& keys, const std::string& table, ListFormat& format, bool any) {
    keys.choice(table + ".format", format.syntax, kSyntaxes);
    keys.choice(table + ".kind", format.kind, kEntryKinds);
    if (format.kind == EntryKind::Any && !any) {
        keys.fail(table + ".kind", "is \"any\"; what a feed holds is expected");
    }
    keys.integer(table + ".column", format.column, 1, 64);
    std::string separator(1, format.separator);
    keys.text(table + ".separator", separator);
    if (separator.size() != 1 || separator == "\"" || separator == "\n") {
        keys.fail(table + ".separator", "is no separator; one character like \",\" is expected");
    }
    format.separator = separator.front();
    keys.flag(table + ".header", format.header);
    keys.text(table + ".field", format.field);
    if (format.syntax == ListSyntax::JsonLines && format.field.empty()) {
        keys.fail(keys.has(table + ".field") ? table + ".field" : table,
                  "has no field; the member of each JSON line that holds the entry is expected");
    }
}

void read_value(KeyReader& keys, const std::string& table, ListValue& value) {
    keys.number(table + ".score", value.score, -100, 100);
    keys.flag(table + ".subdomains", value.subdomains);
    read_subjects(keys, table + ".subjects", value.subjects);
}

ListFile read_file(KeyReader& keys, const std::string& table,
                   std::set<std::string, std::less<>>& taken) {
    ListFile file;
    read_name(keys, table, file.name, taken);
    keys.text(table + ".path", file.path);
    if (file.path.empty()) {
        keys.fail(keys.has(table + ".path") ? table + ".path" : table, "has no path of a file");
    }
    read_format(keys, table, file.format, true);
    read_value(keys, table, file.value);
    return file;
}

void read_url(KeyReader& keys, const std::string& table, ListFeed& feed) {
    keys.text(table + ".url", feed.url);
    keys.flag(table + ".allow_private", feed.allow_private);
    const std::string lower = ascii_lower(feed.url);
    const bool https = lower.starts_with("https://") && lower.size() > 8;
    const bool http = lower.starts_with("http://") && lower.size() > 7 && feed.allow_private;
    const bool printable =
        std::all_of(feed.url.begin(), feed.url.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (https + http != 1 || !printable) {
        keys.fail(keys.has(table + ".url") ? table + ".url" : table,
                  "has no url; \"https://...\" is expected (\"http://...\" only with "
                  "allow_private = true)");
    }
}

ListFeed read_feed(KeyReader& keys, const std::string& table,
                   std::set<std::string, std::less<>>& taken) {
    ListFeed feed;
    read_name(keys, table, feed.name, taken);
    read_url(keys, table, feed);
    read_format(keys, table, feed.format, false);
    read_value(keys, table, feed.value);
    keys.text(table + ".header_file", feed.header_file);
    keys.duration(table + ".refresh", feed.refresh, seconds(1), hours(24 * 7));
    keys.duration(table + ".max_age", feed.max_age, seconds(1), hours(24 * 366));
    if (feed.max_age < feed.refresh) {
        keys.fail(table + ".max_age", "is shorter than refresh: the feed would always be too old");
    }
    keys.size(table + ".max_size", feed.max_size, 1024, 512 * kMiB);
    keys.integer(table + ".max_entries", feed.max_entries, 1, 10'000'000);
    keys.number(table + ".max_bad", feed.max_bad, 0, 50);
    keys.duration(table + ".timeout", feed.timeout, milliseconds(100), hours(1));
    return feed;
}

}  // namespace

void read_lists(KeyReader& keys, Lists& lists) {
    std::set<std::string, std::less<>> taken = {"allow", "deny"};
    const auto each = [&](const std::string& key, const auto& read) {
        const std::size_t count = keys.count(key);
        for (std::size_t i = 0; i < count; ++i) read(key + "[" + std::to_string(i) + "]");
    };
    each("lists.dns",
         [&](const std::string& at) { lists.dns.push_back(read_dns_list(keys, at, taken)); });
    each("lists.file",
         [&](const std::string& at) { lists.files.push_back(read_file(keys, at, taken)); });
    each("lists.feed",
         [&](const std::string& at) { lists.feeds.push_back(read_feed(keys, at, taken)); });
    read_entries(keys, "lists.allow", lists.allow, true);
    read_entries(keys, "lists.deny", lists.deny, false);
    keys.list("lists.people", lists.people, true);
    keys.list("lists.partners", lists.partners, true);
    keys.list("lists.allow_files", lists.allow_files, true);
    keys.list("lists.deny_files", lists.deny_files, true);
    keys.text("lists.public_suffixes", lists.public_suffixes);
    keys.text("lists.feed_folder", lists.feed_folder);
    keys.text("lists.authorities", lists.authorities);
    keys.integer("lists.max_domains", lists.max_domains, 1, 1000);
    keys.duration("lists.test_interval", lists.test_interval, seconds(1), hours(24));
    keys.duration("lists.reload_interval", lists.reload_interval, milliseconds(10), hours(1));
    keys.size("lists.max_file_size", lists.max_file_size, 1024, 4096 * kMiB);
}

}  // namespace postern::settings
