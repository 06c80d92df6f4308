#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "gateway/reputation/lists.hpp"

namespace postern::reputation {
namespace {

/// Puts what several links say of the same domain together.
class Gathering {
public:
    explicit Gathering(ContentAnswer& answer) : answer_(answer) {}

    void listed(const Listing& listing, const std::string& domain, const Link* link,
                std::uint32_t object, bool whole_url) {
        const std::string& what = whole_url ? link->url : domain;
        if (!seen_.emplace(listing.list, what).second) return;
        if (answer_.listings.size() >= kMaxContentListings) return;
        answer_.listings.push_back({listing, object, link ? link->url : std::string(), whole_url});
    }
    void unknown(const Unknown& unknown) {
        if (unknown_.insert(unknown.list).second) answer_.unknowns.push_back(unknown);
    }

private:
    ContentAnswer& answer_;
    std::set<std::pair<std::string, std::string>> seen_;
    std::set<std::string> unknown_;
};

std::string domain_of(const Link& link) {
    return link.registrable.empty() ? link.host : link.registrable;
}

FileSubject file_subject(const Link& link) {
    FileSubject subject;
    subject.use = ListSubject::Link;
    subject.shown = link.url;
    subject.url_key = link.key;
    if (const auto address = mail::IpAddress::parse(link.host)) {
        subject.address = *address;
    } else {
        subject.host = link.host;
        subject.registrable = link.registrable;
    }
    return subject;
}

}  // namespace

ContentAnswer Lists::content(const analyzers::Report& report, dns::Inquiry& inquiry) const {
    ContentAnswer answer;
    Gathering gathering(answer);
    const Links links = collect_links(report, suffixes_, settings_.max_domains);
    if (!dns_.empty()) {
        answer.skipped = links.skipped;
        answer.skipped_names = links.skipped_names;
    }
    dns_.prefetch(links.subjects, inquiry);  // they travel while the files are looked into
    for (const Link& link : links.links) {
        if (files_.empty()) break;
        const ListAnswer said = files_.look_up(file_subject(link));
        for (const Listing& each : said.listings) {
            gathering.listed(each, domain_of(link), &link, link.object, each.value == link.key);
        }
        for (const Unknown& each : said.unknowns) gathering.unknown(each);
    }
    for (std::uint32_t i = 0; i < report.objects.size() && !files_.empty(); ++i) {
        const std::string& digest = report.objects[i].sha256;
        if (digest.empty()) continue;
        const ListAnswer said = files_.look_up_digest(digest);
        for (const Listing& each : said.listings) {
            gathering.listed(each, digest, nullptr, i, false);
        }
        for (const Unknown& each : said.unknowns) gathering.unknown(each);
    }
    const ListAnswer said = dns_.ask(links.subjects, inquiry);
    for (const Listing& each : said.listings) {
        const auto link = std::find_if(links.links.begin(), links.links.end(),
                                       [&](const Link& one) { return one.host == each.subject; });
        if (link == links.links.end()) continue;
        gathering.listed(each, domain_of(*link), &*link, link->object, false);
    }
    for (const Unknown& each : said.unknowns) gathering.unknown(each);
    return answer;
}

}  // namespace postern::reputation
