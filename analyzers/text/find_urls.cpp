#include <algorithm>
#include <array>
#include <unordered_set>

#include "analyzers/base/ascii.hpp"
#include "analyzers/text/text.hpp"
#include "analyzers/url/url.hpp"

namespace postern::analyzers {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxScheme = 20;
constexpr std::size_t kMaxHost = 253;  // bytes (RFC 1035 2.3.4)
constexpr unsigned kMaxTries = 8;      // to read a URL from one word of at most kMaxUrl bytes
// Under these a bare "name.tld" is taken for a link, as mail programs do; not those that are also
// file extensions (sh, md, zip, mov, py, rs, pl, ps), unless a path follows.
constexpr std::array kTopLevel = {
    "com"sv,  "org"sv, "net"sv, "edu"sv,    "gov"sv,  "info"sv, "biz"sv,  "io"sv,      "co"sv,
    "de"sv,   "uk"sv,  "fr"sv,  "nl"sv,     "it"sv,   "es"sv,   "ru"sv,   "cn"sv,      "jp"sv,
    "br"sv,   "in"sv,  "au"sv,  "ca"sv,     "us"sv,   "ch"sv,   "at"sv,   "be"sv,      "se"sv,
    "no"sv,   "dk"sv,  "fi"sv,  "cz"sv,     "eu"sv,   "me"sv,   "tv"sv,   "cc"sv,      "xyz"sv,
    "top"sv,  "app"sv, "dev"sv, "online"sv, "site"sv, "shop"sv, "club"sv, "example"sv, "invalid"sv,
    "test"sv, "ly"sv,  "gl"sv,  "kr"sv,     "mx"sv,   "ar"sv,   "pt"sv,   "gr"sv,      "hu"sv,
    "ro"sv,   "tr"sv,  "ua"sv,  "za"sv,     "nz"sv,   "ie"sv,   "il"sv,   "hk"sv,      "tw"sv,
    "sg"sv,   "my"sv,  "th"sv,  "vn"sv,     "id"sv,   "ph"sv,   "ir"sv,
};

bool ends_url(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == 0x7F || "<>\"`"sv.find(c) != std::string_view::npos;
}

bool host_char(char c) {
    return ascii_alnum(c) || c == '-' || c == '.' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// Punctuation that belongs to the sentence, and brackets that were opened outside.
std::string_view without_tail(std::string_view url) {
    constexpr std::array kPairs = {std::pair{')', '('}, std::pair{']', '['}, std::pair{'}', '{'}};
    while (!url.empty()) {
        const char last = url.back();
        if (".,;:!?'*|"sv.find(last) != std::string_view::npos) {
            url.remove_suffix(1);
            continue;
        }
        const auto* pair = std::find_if(kPairs.begin(), kPairs.end(),
                                        [&](const auto& p) { return p.first == last; });
        if (pair == kPairs.end()) break;
        const auto opened = std::count(url.begin(), url.end(), pair->second);
        if (opened >= std::count(url.begin(), url.end(), pair->first)) break;
        url.remove_suffix(1);
    }
    return url;
}

class Finder {
public:
    Finder(std::string_view text, std::string_view where, std::size_t limit)
        : text_(text), where_(where), limit_(limit) {}

    std::vector<FoundUrl> find() {
        // Every kind has a dot or a colon in it: nothing else is looked at.
        while (at_ < text_.size() && found_.size() <= limit_) {
            at_ = text_.find_first_of(":.", at_);
            if (at_ == std::string_view::npos) break;
            const bool taken = text_[at_] == ':' ? with_scheme() : bare();
            if (!taken) ++at_;
        }
        return std::move(found_);
    }

private:
    [[nodiscard]] std::size_t end_from(std::size_t start) const {
        std::size_t end = start;
        while (end < text_.size() && end - start <= kMaxUrl && !ends_url(text_[end])) ++end;
        return end;
    }

    /// "scheme:" before at_; two slashes of either kind have to follow.
    bool with_scheme() {
        const std::string_view after = text_.substr(at_ + 1);
        const bool slashes = after.size() > 2 && (after[0] == '/' || after[0] == '\\') &&
                             (after[1] == '/' || after[1] == '\\');
        if (!slashes) return false;
        std::size_t start = at_;
        while (
            start > done_ && at_ - start < kMaxScheme &&
            (ascii_alnum(text_[start - 1]) || text_[start - 1] == '-' || text_[start - 1] == '+')) {
            --start;
        }
        while (start < at_ && !ascii_alpha(text_[start])) ++start;
        return start < at_ && take(start, {});
    }

    /// "www.example.org/x" or "example.org": the dot is at at_.
    bool bare() {
        std::size_t start = at_;
        while (start > done_ && at_ - start < 64 && host_char(text_[start - 1])) --start;
        std::size_t end = at_;
        while (end < text_.size() && end - start <= kMaxHost && host_char(text_[end])) ++end;
        std::string_view host = text_.substr(start, end - start);
        // Longer than any name may be: no link, and not worth reading to its end time and again.
        const bool endless = host.size() == kMaxHost + 1;
        while (host.ends_with('.') || host.ends_with('-')) host.remove_suffix(1);
        while (host.starts_with('.') || host.starts_with('-') || host.starts_with('_')) {
            host.remove_prefix(1);
            ++start;
        }
        const bool address = start > 0 && (text_[start - 1] == '@' || text_[start - 1] == '/');
        const std::size_t stop = start + host.size();
        const bool mailbox = stop < text_.size() && text_[stop] == '@';
        const bool path = stop < text_.size() && text_[stop] == '/';
        const std::size_t dot = host.rfind('.');
        const bool linked = !endless && !address && !mailbox && dot != std::string_view::npos &&
                            dot > 0 && links(host, path);
        if (linked && take(start, "http://")) return true;
        at_ = std::max(at_, end - 1);  // the name was looked at as a whole
        return false;
    }

    static bool links(std::string_view host, bool path) {
        const std::string top = ascii_lower(host.substr(host.rfind('.') + 1));
        if (ascii_iequal(host.substr(0, 4), "www.") &&
            host.find('.', 4) != std::string_view::npos) {
            return true;
        }
        const bool known = std::find(kTopLevel.begin(), kTopLevel.end(), top) != kTopLevel.end();
        const bool letters = std::all_of(top.begin(), top.end(), ascii_alpha);
        return known || (path && letters && top.size() >= 2 && top.size() <= 6);
    }

    bool take(std::size_t start, std::string_view prefix) {
        const std::size_t end = end_from(start);
        std::string url(prefix);
        url += without_tail(text_.substr(start, end - start));
        const auto parsed = parse_url(url);
        if (!parsed || (parsed->host.empty() && parsed->scheme != "file")) {
            refused(start, end);
            return false;
        }
        at_ = end;
        done_ = end;
        if (!seen_.insert(url).second) return true;
        std::vector<std::string> flags;
        if (!prefix.empty()) flags.emplace_back("schemeless");
        found_.push_back({.url = std::move(url), .where = std::string(where_), .flags = flags});
        return true;
    }

    /// What is no URL may hold one further on; but a long word is not read again for every colon.
    void refused(std::size_t start, std::size_t end) {
        if (start >= refused_end_) {
            refused_ = 0;
            refused_end_ = end;
        }
        if (++refused_ >= kMaxTries) at_ = std::max(at_, refused_end_ - 1);
    }

    std::string_view text_;
    std::string_view where_;
    std::size_t limit_;
    std::size_t at_ = 0;
    std::size_t done_ = 0;  ///< text before this is part of a URL
    std::size_t refused_end_ = 0;
    unsigned refused_ = 0;
    std::unordered_set<std::string> seen_;
    std::vector<FoundUrl> found_;
};

}  // namespace

std::vector<FoundUrl> find_text_urls(std::string_view text, std::string_view where,
                                     std::size_t limit) {
    return Finder(text, where, limit).find();
}

}  // namespace postern::analyzers
