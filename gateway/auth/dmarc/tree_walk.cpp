#include "gateway/auth/dmarc/tree_walk.hpp"

#include <algorithm>

namespace postern::auth::dmarc {
namespace {

std::size_t label_count(std::string_view domain) {
    return static_cast<std::size_t>(std::count(domain.begin(), domain.end(), '.')) + 1;
}

/// The last `count` labels.
std::string last_labels(std::string_view domain, std::size_t count) {
    std::size_t at = domain.size();
    while (count > 0 && at != std::string_view::npos) {
        at = at == 0 ? std::string_view::npos : domain.rfind('.', at - 1);
        --count;
    }
    return std::string(at == std::string_view::npos ? domain : domain.substr(at + 1));
}

/// The one DMARC record of an answer; several are as none (4.10 step 2).
std::optional<Published> published_at(const std::string& domain, const dns::Answer& answer) {
    std::optional<Published> published;
    for (const std::string& text : answer.texts) {
        auto record = parse_record(text);
        if (!record) continue;
        if (published) return std::nullopt;
        published = Published{domain, std::move(*record), text};
    }
    return published;
}

}  // namespace

std::vector<std::string> walk_names(const std::string& domain) {
    std::vector<std::string> names = {domain};
    const std::size_t labels = label_count(domain);
    for (std::size_t left = std::min(labels - 1, kWalkQueries - 1); left > 0; --left) {
        names.push_back(last_labels(domain, left));
    }
    return names;
}

Walk walk(const std::string& domain, dns::Inquiry& inquiry) {
    Walk result;
    result.start = domain;
    const std::vector<std::string> names = walk_names(domain);
    std::vector<dns::Pending> asked;
    asked.reserve(names.size());
    for (const std::string& name : names) {
        asked.push_back(inquiry.ask({"_dmarc." + name, dns::RecordType::Txt}));
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        const dns::Answer& answer = asked[i].wait();
        if (dns::unknown(answer.status)) {
            result.start_failed = result.start_failed || i == 0;
            result.trouble = "_dmarc." + names[i] + ": " + answer.detail;
            continue;
        }
        auto published = published_at(names[i], answer);
        if (!published) continue;
        const PublicSuffix psd = published->record.psd;
        result.found.push_back(std::move(*published));
        // Steps 2 and 7: a start that is itself a public suffix does not end the walk.
        if (psd == PublicSuffix::No || (psd == PublicSuffix::Yes && i > 0)) break;
    }
    return result;
}

const Published* Walk::at_start() const {
    return !found.empty() && found.front().domain == start ? &found.front() : nullptr;
}

std::string Walk::organizational_domain() const {
    for (const Published& each : found) {
        if (each.record.psd == PublicSuffix::No) return each.domain;
        if (each.record.psd == PublicSuffix::Yes && each.domain != start) {
            return last_labels(start, label_count(each.domain) + 1);
        }
    }
    return found.empty() ? start : found.back().domain;
}

const Published* Walk::policy() const {
    if (const Published* own = at_start()) return own;
    const std::string organization = organizational_domain();
    const Published* suffix = nullptr;
    for (const Published& each : found) {
        if (each.domain == organization) return &each;
        if (each.record.psd == PublicSuffix::Yes) suffix = &each;
    }
    return suffix;
}

}  // namespace postern::auth::dmarc
