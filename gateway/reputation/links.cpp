#include "gateway/reputation/links.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "gateway/reputation/lists/host_name.hpp"
#include "gateway/reputation/lists/url_key.hpp"

namespace postern::reputation {
namespace {

constexpr std::size_t kSkippedNames = 5;

/// Images, styles and the like are many and rarely the point.
bool only_loaded(std::string_view where) {
    return where.starts_with("html.img.") || where.starts_with("html.link.") ||
           where.starts_with("html.style") || where.ends_with(".background") ||
           where.ends_with(".style");
}

struct Host {
    std::string text;
    std::optional<mail::IpAddress> address;
};

std::optional<Host> host_of(std::string_view text) {
    std::string_view bare = text;
    if (bare.size() > 2 && bare.starts_with('[') && bare.ends_with(']')) {
        bare = bare.substr(1, bare.size() - 2);
    }
    if (const auto address = mail::IpAddress::parse(bare)) return Host{address->text(), *address};
    const auto name = ascii_host(text);
    if (!name) return std::nullopt;
    return Host{*name, std::nullopt};
}

class Collection {
public:
    Collection(const PublicSuffixes& suffixes, std::size_t max_domains)
        : suffixes_(suffixes), max_domains_(max_domains) {}

    void add(const analyzers::Url& url) {
        const std::string& shown = url.normalized.empty() ? url.url : url.normalized;
        const auto host = host_of(url.host);
        if (!host || !known_urls_.insert(shown).second) return;
        const std::string registrable =
            host->address ? std::string() : suffixes_.registrable_domain(host->text);
        made_.links.push_back(
            {shown, url_key(shown).value_or(""), host->text, registrable, url.object, url.where});
        add_subject(*host, registrable);
    }
    [[nodiscard]] Links take() { return std::move(made_); }

private:
    void add_subject(const Host& host, const std::string& registrable) {
        const std::string& domain = registrable.empty() ? host.text : registrable;
        auto known = hosts_.find(domain);
        if (known == hosts_.end()) {
            if (hosts_.size() >= max_domains_) {
                if (!skipped_.insert(domain).second) return;
                ++made_.skipped;
                if (made_.skipped_names.size() < kSkippedNames) {
                    made_.skipped_names.push_back(domain);
                }
                return;
            }
            known = hosts_.emplace(domain, std::set<std::string>()).first;
        }
        if (known->second.size() >= kMaxHostsPerDomain || !known->second.insert(host.text).second) {
            return;
        }
        if (host.address) {
            made_.subjects.push_back({ListSubject::Link, *host.address});
        } else {
            made_.subjects.push_back({ListSubject::Link, HostSubject{host.text, registrable}});
        }
    }

    const PublicSuffixes& suffixes_;
    std::size_t max_domains_;
    std::set<std::string, std::less<>> known_urls_;
    std::map<std::string, std::set<std::string>> hosts_;  ///< by domain
    std::set<std::string> skipped_;
    Links made_;
};

}  // namespace

Links collect_links(const analyzers::Report& report, const PublicSuffixes& suffixes,
                    std::size_t max_domains) {
    Collection collection(suffixes, max_domains);
    for (const bool loaded : {false, true}) {
        for (const analyzers::Url& url : report.urls) {
            if (only_loaded(url.where) == loaded) collection.add(url);
        }
    }
    return collection.take();
}

}  // namespace postern::reputation
