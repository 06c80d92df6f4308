#include "gateway/reputation/lists/list_text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "analyzers/base/ascii.hpp"
#include "gateway/mail/ip_address.hpp"
#include "gateway/reputation/lists/json_line.hpp"

namespace postern::reputation {
namespace {

constexpr std::string_view kBlanks = " \t";
/// What hosts files say of the machine they are on.
constexpr std::array<std::string_view, 9> kOwnNames = {
    "localhost",    "localhost.localdomain", "local",        "broadcasthost", "ip6-localhost",
    "ip6-loopback", "ip6-localnet",          "ip6-allnodes", "ip6-allrouters"};

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Without a comment at its end.
std::string_view without_comment(std::string_view line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
        const bool marks = line[i] == '#' || line[i] == ';';
        if (marks && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) {
            return trimmed(line.substr(0, i));
        }
    }
    return trimmed(line);
}

std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> all;
    while (!(line = trimmed(line)).empty()) {
        const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
        all.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return all;
}

/// The field of this number (from 1); nullopt: there is none, or quotes do not match.
std::optional<std::string> csv_field(std::string_view line, std::uint32_t column, char separator) {
    for (std::uint32_t number = 1;; ++number) {
        while (!line.empty() && line.front() == ' ' && separator != ' ') line.remove_prefix(1);
        std::string field;
        if (line.starts_with('"')) {
            std::size_t at = 1;
            for (;; ++at) {
                if (at >= line.size()) return std::nullopt;
                if (line[at] == '"' && (at + 1 >= line.size() || line[at + 1] != '"')) break;
                if (line[at] == '"') ++at;
                field += line[at];
            }
            line.remove_prefix(at + 1);
            while (!line.empty() && line.front() == ' ' && separator != ' ') line.remove_prefix(1);
            if (!line.empty() && line.front() != separator) return std::nullopt;
        } else {
            const std::size_t end = std::min(line.find(separator), line.size());
            field = trimmed(line.substr(0, end));
            line.remove_prefix(end);
        }
        if (number == column) return field;
        if (line.empty()) return std::nullopt;
        line.remove_prefix(1);
    }
}

bool printable(std::string_view line) {
    return std::none_of(line.begin(), line.end(),
                        [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; });
}

class Reading {
public:
    Reading(const ListFormat& format, const ListBounds& bounds,
            const std::function<bool(std::string_view)>& take)
        : format_(format), bounds_(bounds), take_(take), header_due_(format.header) {}

    /// False: it is enough.
    bool line(std::size_t number, std::string_view text) {
        const char* problem = text.size() > kMaxLine ? "is too long"
                              : !printable(text)     ? "holds control characters"
                                                     : entries_of(text);
        if (problem != nullptr) {
            if (tally_.bad++ == 0) {
                tally_.first_bad_line = number;
                tally_.first_bad = problem;
            }
        }
        tally_.stopped = tally_.bad > bounds_.max_bad || tally_.entries > bounds_.max_entries;
        return !tally_.stopped;
    }
    [[nodiscard]] ListTally tally() const { return tally_; }

private:
    /// What is wrong with the line; nullptr: nothing.
    const char* entries_of(std::string_view text) {
        const std::string_view bare = trimmed(text);
        if (bare.empty() || bare.front() == '#' || bare.front() == ';') return nullptr;
        switch (format_.syntax) {
            case ListSyntax::Plain:
                return offer(without_comment(bare));
            case ListSyntax::Hosts:
                return hosts(without_comment(bare));
            case ListSyntax::Csv:
                return csv(bare);
            case ListSyntax::JsonLines: {
                const auto member = json_member(bare, format_.field);
                return member ? offer(*member) : "has no such text in a JSON object";
            }
        }
        return nullptr;
    }
    const char* offer(std::string_view entry) {
        if (entry.empty() || !take_(entry)) return "is no entry of this kind of list";
        ++tally_.entries;
        return nullptr;
    }
    const char* hosts(std::string_view line) {
        const auto all = words(line);
        if (all.size() < 2) return "is no address with names";
        const std::string_view address = all.front().substr(0, all.front().find('%'));
        if (!mail::IpAddress::parse(address)) return "does not begin with an address";
        const char* problem = nullptr;
        for (std::size_t i = 1; i < all.size(); ++i) {
            const bool own = std::any_of(kOwnNames.begin(), kOwnNames.end(),
                                         [&](auto name) { return ascii_iequal(name, all[i]); });
            // "0.0.0.0 0.0.0.0" stands in many such files.
            if (own || all[i] == all.front()) continue;
            if (const char* found = offer(all[i])) problem = found;
        }
        return problem;
    }
    const char* csv(std::string_view line) {
        if (header_due_) {
            header_due_ = false;
            return nullptr;
        }
        const auto field = csv_field(line, format_.column, format_.separator);
        return field ? offer(*field) : "has no such column";
    }

    const ListFormat& format_;
    const ListBounds& bounds_;
    const std::function<bool(std::string_view)>& take_;
    bool header_due_;
    ListTally tally_;
};

}  // namespace

ListTally read_list(std::string_view text, const ListFormat& format, const ListBounds& bounds,
                    const std::function<bool(std::string_view)>& take) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    Reading reading(format, bounds, take);
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!reading.line(number, line)) break;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return reading.tally();
}

}  // namespace postern::reputation
