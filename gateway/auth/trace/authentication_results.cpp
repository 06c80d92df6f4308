#include "gateway/auth/trace/authentication_results.hpp"

#include <algorithm>

#include "gateway/auth/trace/property_values.hpp"

namespace postern::auth::trace {
namespace {

constexpr std::size_t kMostSignatures = 20;  // shown: the field stays small whatever was sent

std::string method(std::string_view name, std::string_view result) {
    return std::string(name) + "=" + std::string(result);
}

void add_property(FoldedField& field, std::string_view name, const std::string& value) {
    field.word(std::string(name) + "=" + value);
}

void add_text(FoldedField& field, std::string_view name, const std::string& text) {
    if (!text.empty()) add_property(field, name, value_of(text));
}

void add_iprev(FoldedField& field, const Iprev& iprev, const FieldFacts& facts) {
    field.part();
    field.word(method("iprev", word(iprev.result)));
    add_text(field, "policy.iprev", facts.client_ip);
    if (!iprev.name.empty()) field.word("(" + comment_text(iprev.name) + ")");
}

/// What was checked: the name as it was asked for, or the client's words where there was none.
void add_spf(FoldedField& field, const Spf& spf, const FieldFacts& facts) {
    field.part();
    field.word(method("spf", word(spf.result)));
    if (spf.identity == Spf::Identity::Helo) {
        add_text(field, "smtp.helo", spf.domain.empty() ? facts.helo : spf.domain);
    } else {
        add_property(field, "smtp.mailfrom", mailbox_value(facts.reverse_path));
    }
}

void add_dkim(FoldedField& field, const Dkim& dkim) {
    field.part();
    field.word(method("dkim", word(told(dkim))));
    if (dkim.key_bits > 0) {
        field.word("(" + std::to_string(dkim.key_bits) + "-bit key" +
                   (dkim.testing ? ", testing" : "") + ")");
    }
    add_text(field, "header.d", dkim.domain);
    add_text(field, "header.s", dkim.selector);
    add_text(field, "header.a", dkim.algorithm);
    if (!dkim.identity.empty()) add_property(field, "header.i", mailbox_value(dkim.identity));
    add_text(field, "header.b", dkim.signature);
}

void add_arc(FoldedField& field, const Arc& arc, const FieldFacts& facts) {
    field.part();
    field.word(method("arc", word(arc.result)));
    if (arc.instances > 0) {
        field.word("(i=" + std::to_string(arc.instances) +
                   (arc.sealer.empty() ? "" : " " + comment_text(arc.sealer)) + ")");
    }
    add_text(field, "smtp.remote-ip", facts.client_ip);
    if (arc.result == ArcResult::Pass) {
        add_property(field, "header.oldest-pass", std::to_string(arc.oldest_pass));
    }
}

void add_dmarc(FoldedField& field, const Dmarc& dmarc) {
    field.part();
    field.word(method("dmarc", word(dmarc.result)));
    add_text(field, "header.from", dmarc.domain);
    if (dmarc.policy) add_property(field, "policy.dmarc", std::string(word(*dmarc.policy)));
}

}  // namespace

std::string authentication_results(const Results& results, const FieldFacts& facts) {
    FoldedField field("Authentication-Results");
    field.word(value_of(facts.authserv_id));
    bool any = false;
    if (results.iprev && results.iprev->result != IprevResult::None) {
        add_iprev(field, *results.iprev, facts);
        any = true;
    }
    for (const auto* spf : {&results.spf, &results.spf_helo}) {
        if (!*spf) continue;
        add_spf(field, **spf, facts);
        any = true;
    }
    const std::size_t shown = std::min(results.dkim.size(), kMostSignatures);
    for (std::size_t i = 0; i < shown; ++i) add_dkim(field, results.dkim[i]);
    // The message was looked at when there is a DMARC result, so no signature is a result as well.
    if (results.dkim.empty() && results.dmarc) {
        field.part();
        field.word("dkim=none");
    }
    if (results.arc && results.arc->result != ArcResult::None) add_arc(field, *results.arc, facts);
    if (results.dmarc) add_dmarc(field, *results.dmarc);
    if (!any && results.dkim.empty() && !results.arc && !results.dmarc) {
        field.part();
        field.word("none");
    }
    return field.take();
}

std::string received_spf(const Spf& spf, const FieldFacts& facts) {
    FoldedField field("Received-SPF");
    field.word(word(spf.result));
    field.word("(" + comment_text(facts.authserv_id + ": " + spf.detail) + ")");
    const bool helo = spf.identity == Spf::Identity::Helo;
    const auto pair = [&](std::string_view key, std::string_view text) {
        add_property(field, key, value_of(text));
    };
    pair("receiver", facts.authserv_id);
    field.part();
    pair("identity", helo ? "helo" : "mailfrom");
    field.part();
    if (!facts.client_ip.empty()) {
        pair("client-ip", facts.client_ip);
        field.part();
    }
    pair("helo", facts.helo);
    field.part();
    pair("envelope-from", facts.reverse_path);
    return field.take();
}

}  // namespace postern::auth::trace
