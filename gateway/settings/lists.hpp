#pragma once

/// @file [lists]: DNS lists, list files, feeds, and what is always let in or kept out.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/settings/list_code.hpp"

namespace postern::settings {

class KeyReader;

enum class DnsListKind : std::uint8_t { Ip, Domain };
/// What of a domain is asked for. SURBL and URIBL want the registrable domain.
enum class NameDepth : std::uint8_t { Registrable, Host, Both };
/// What is looked up in a list.
enum class ListSubject : std::uint8_t { Client, Helo, Sender, Link };

/// [[lists.dns]]
struct DnsList {
    std::string name;  ///< lower-case letters, digits, "_" and "-"; unique among all lists
    std::string zone;  ///< without the final dot
    DnsListKind kind = DnsListKind::Ip;
    std::vector<ListSubject> subjects;  ///< default: ip lists the client, domain lists links
    std::vector<ListCode> codes;        ///< default: 127.0.0.2 to 127.0.0.255
    std::vector<ListCode> errors;       ///< answers that mean "refused", beside 127.255.255.x
    double score = 3;                   ///< of codes that have none; below 0: an allow list
    NameDepth names = NameDepth::Registrable;
    bool ipv6 = false;           ///< of ip lists: it holds IPv6 addresses too
    bool ip_links = false;       ///< of domain lists: links to bare addresses, reversed
    bool reason = false;         ///< asks for the TXT record of a listing
    bool test_points = true;     ///< RFC 5782 5: the list has them and is suspended by them
    std::string test_listed;     ///< what stands in front of the zone; empty: as the RFC says
    std::string test_unlisted;   ///< likewise
    bool authoritative = false;  ///< a listing alone may refuse (for checks)
};

/// How the lines of a file or feed are written.
enum class ListSyntax : std::uint8_t { Plain, Hosts, Csv, JsonLines };
enum class EntryKind : std::uint8_t { Any, Ip, Domain, Address, Url, Digest };

struct ListFormat {
    ListSyntax syntax = ListSyntax::Plain;
    EntryKind kind = EntryKind::Domain;
    std::uint32_t column = 1;  ///< of csv, the first is 1
    char separator = ',';      ///< of csv
    bool header = false;       ///< of csv: the first line that is no comment is skipped
    std::string field;         ///< of jsonl: the member that is taken

    friend bool operator==(const ListFormat&, const ListFormat&) = default;
};

/// What a listing in a file or feed is worth.
struct ListValue {
    double score = 4;
    bool subdomains = true;  ///< a domain stands for all below it
    std::vector<ListSubject> subjects = {ListSubject::Link};
};

/// [[lists.file]]
struct ListFile {
    std::string name;
    std::string path;
    ListFormat format;
    ListValue value;
};

/// [[lists.feed]], fetched by postern-lookup.
struct ListFeed {
    std::string name;
    std::string url;  ///< https; http only where allow_private is set
    ListFormat format;
    ListValue value;
    std::chrono::milliseconds refresh = std::chrono::minutes(15);
    std::chrono::milliseconds max_age = std::chrono::hours(24);  ///< alarm beyond it
    std::uint64_t max_size = std::uint64_t{64} << 20;            ///< bytes of an answer
    std::uint32_t max_entries = 2'000'000;
    double max_bad = 1;  ///< per cent of lines that are none
    std::chrono::milliseconds timeout = std::chrono::minutes(2);  ///< of one fetch in all
    std::string header_file;     ///< header fields to send, one a line (keys); empty: none
    bool allow_private = false;  ///< may be at a private or loopback address
};

struct Lists {
    std::vector<DnsList> dns;
    std::vector<ListFile> files;
    std::vector<ListFeed> feeds;
    /// CIDRs, domains (with all below them) and addresses.
    std::vector<std::string> allow;
    std::vector<std::string> deny;
    std::vector<std::string> allow_files;  ///< the same, one on each line
    std::vector<std::string> deny_files;
    std::vector<std::string> people;    ///< "Jane Doe" or "Jane Doe <jane@home.example>"
    std::vector<std::string> partners;  ///< domains that others may want to pass for
    std::string public_suffixes;        ///< file; empty: the list that comes with the system
    std::string feed_folder;            ///< empty: "feeds" beside the quarantine database
    std::string authorities;            ///< PEM file of CAs for feeds; empty: the system's
    std::uint32_t max_domains = 40;     ///< of links, looked up for one message
    std::chrono::milliseconds test_interval = std::chrono::minutes(3);  ///< of DNS lists
    std::chrono::milliseconds reload_interval = std::chrono::seconds(1);
    std::uint64_t max_file_size = std::uint64_t{256} << 20;
};

/// Throws ConfigError.
void read_lists(KeyReader& keys, Lists& lists);

}  // namespace postern::settings
