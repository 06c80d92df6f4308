#include "gateway/verdict/auth_json.hpp"

#include <nlohmann/json.hpp>

#include "analyzers/base/clean_text.hpp"

namespace postern::verdict {
namespace {

using nlohmann::json;

constexpr std::size_t kLongest = 512;

std::string clean(const std::string& text) {
    return clean_text(text, kLongest);
}

json spf_part(const auth::Spf& spf) {
    json part = {{"result", auth::word(spf.result)},
                 {"identity", spf.identity == auth::Spf::Identity::Helo ? "helo" : "mailfrom"},
                 {"domain", clean(spf.domain)},
                 {"detail", clean(spf.detail)}};
    part["explanation"] = spf.explanation ? json(clean(*spf.explanation)) : json();
    return part;
}

std::string detail_of(const auth::Dkim& dkim) {
    return dkim.result != auth::DkimResult::Pass || dkim.left_out.empty()
               ? dkim.detail
               : dkim.detail + "; " + dkim.left_out;
}

json dkim_part(const std::vector<auth::Dkim>& signatures) {
    json list = json::array();
    for (const auth::Dkim& each : signatures) {
        list.push_back({{"result", auth::word(each.result)},
                        {"domain", clean(each.domain)},
                        {"selector", clean(each.selector)},
                        {"identity", clean(each.identity)},
                        {"algorithm", clean(each.algorithm)},
                        {"key_bits", each.key_bits},
                        {"testing", each.testing},
                        {"counts", auth::authenticates(each)},
                        {"detail", clean(detail_of(each))}});
    }
    return list;
}

json dmarc_part(const auth::Dmarc& dmarc) {
    json part = {{"result", auth::word(dmarc.result)},
                 {"domain", clean(dmarc.domain)},
                 {"policy_domain", clean(dmarc.policy_domain)},
                 {"disposition", auth::word(dmarc.disposition)},
                 {"aligned", {{"spf", dmarc.spf_aligned}, {"dkim", dmarc.dkim_aligned}}},
                 {"detail", clean(dmarc.detail)}};
    part["policy"] = dmarc.policy ? json(auth::word(*dmarc.policy)) : json();
    return part;
}

}  // namespace

std::string auth_json(const auth::Results& results) {
    json part = json::object();
    if (results.iprev) {
        part["iprev"] = {{"result", auth::word(results.iprev->result)},
                         {"name", clean(results.iprev->name)},
                         {"detail", clean(results.iprev->detail)}};
    }
    if (results.spf) part["spf"] = spf_part(*results.spf);
    if (results.spf_helo) part["spf_helo"] = spf_part(*results.spf_helo);
    if (results.dmarc || !results.dkim.empty()) part["dkim"] = dkim_part(results.dkim);
    if (results.dmarc) part["dmarc"] = dmarc_part(*results.dmarc);
    if (results.arc) {
        part["arc"] = {{"result", auth::word(results.arc->result)},
                       {"instances", results.arc->instances},
                       {"sealer", clean(results.arc->sealer)},
                       {"detail", clean(results.arc->detail)}};
    }
    return part.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace postern::verdict
