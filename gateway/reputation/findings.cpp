#include "gateway/reputation/findings.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "analyzers/api/catalogue.hpp"

namespace postern::reputation {
namespace {

using analyzers::Finding;

constexpr double kMostPoints = 100;

std::string detail_of(const Listing& listing) {
    std::string text = listing.list + ": " + listing.subject;
    if (listing.value != listing.subject) text += " (" + listing.value + ")";
    if (!listing.reason.empty()) text += ", " + listing.reason;
    return text;
}

Finding listed(std::string_view code, const Listing& listing) {
    Finding made = analyzers::finding(listing.weight < 0 ? "LIST_GOOD" : code, detail_of(listing));
    made.score = std::clamp(listing.weight, -kMostPoints, kMostPoints);
    return made;
}

void add_unknowns(const std::vector<Unknown>& unknowns, std::vector<Finding>& findings) {
    for (const Unknown& each : unknowns) {
        findings.push_back(
            analyzers::finding("LIST_UNKNOWN", each.list + ": " + each.subject + ": " + each.why));
    }
}

std::vector<Finding> findings_of(std::string_view code, const ListAnswer& answer) {
    std::vector<Finding> findings;
    for (const Listing& each : answer.listings) findings.push_back(listed(code, each));
    add_unknowns(answer.unknowns, findings);
    return findings;
}

std::string_view code_of(const ContentListing& listing) {
    if (listing.url.empty()) return "LIST_DIGEST";
    return listing.whole_url ? "LIST_URL" : "LIST_LINK";
}

Finding content_finding(const ContentListing& each) {
    Listing shown = each.listing;
    // The URL as it stood there, which says more than the host that was asked for.
    if (!each.url.empty()) shown.subject = each.url;
    Finding made = listed(code_of(each), shown);
    made.object = each.object;
    return made;
}

}  // namespace

std::vector<Finding> client_findings(const ListAnswer& answer) {
    return findings_of("LIST_CLIENT", answer);
}

std::vector<Finding> domain_findings(const ListAnswer& answer) {
    return findings_of("LIST_DOMAIN", answer);
}

std::vector<Finding> content_findings(const ContentAnswer& answer) {
    std::vector<ContentListing> listings = answer.listings;
    std::stable_sort(listings.begin(), listings.end(),
                     [](const ContentListing& a, const ContentListing& b) {
                         return std::abs(a.listing.weight) > std::abs(b.listing.weight);
                     });
    std::vector<Finding> findings;
    std::set<std::string> scored;
    for (const ContentListing& each : listings) {
        Finding made = content_finding(each);
        if (!scored.insert(each.listing.list).second) made.score = 0;
        findings.push_back(std::move(made));
    }
    add_unknowns(answer.unknowns, findings);
    if (answer.skipped > 0) {
        std::string names;
        for (const std::string& each : answer.skipped_names) {
            names += (names.empty() ? "" : ", ") + each;
        }
        findings.push_back(analyzers::finding(
            "LIST_SKIPPED", std::to_string(answer.skipped) + " domains: " + names));
    }
    return findings;
}

}  // namespace postern::reputation
