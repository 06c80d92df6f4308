/// @file The XML of an aggregate report (RFC 9990 appendix A).

#include <array>

#include "analyzers/base/clean_text.hpp"
#include "gateway/auth/dmarc/report/aggregate.hpp"

namespace postern::auth::dmarc {
namespace {

std::string escaped(std::string_view text) {
    const bool utf8 = is_utf8(text);
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            default:
                out += byte < ' ' || byte == 0x7f || (byte > 0x7f && !utf8) ? '?' : c;
        }
    }
    return out;
}

/// Writes elements with their depth.
class Writer {
public:
    void open(std::string_view name) {
        indent();
        text_.append("<").append(name).append(">\n");
        ++depth_;
    }
    void close(std::string_view name) {
        --depth_;
        indent();
        text_.append("</").append(name).append(">\n");
    }
    void leaf(std::string_view name, std::string_view value) {
        indent();
        text_.append("<").append(name).append(">").append(escaped(value));
        text_.append("</").append(name).append(">\n");
    }
    void raw(std::string_view text) { text_ += text; }
    void deeper() { ++depth_; }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    void indent() { text_.append(depth_ * 2, ' '); }
    std::string text_;
    std::size_t depth_ = 0;
};

std::string_view letter(Alignment alignment) {
    return alignment == Alignment::Strict ? "s" : "r";
}

std::string_view word_of(OverrideReason reason) {
    constexpr std::array<std::string_view, 4> kWords = {"", "local_policy", "trusted_forwarder",
                                                        "policy_test_mode"};
    return kWords.at(static_cast<std::size_t>(reason));
}

/// fo= in its own letters.
std::string options_text(const FailureOptions& options) {
    std::string text;
    const auto add = [&](bool on, char c) {
        if (!on) return;
        if (!text.empty()) text += ':';
        text += c;
    };
    add(options.all_failed, '0');
    add(options.any_failed, '1');
    add(options.dkim, 'd');
    add(options.spf, 's');
    return text;
}

void write_policy(Writer& xml, const ReportedPolicy& policy) {
    const Record& record = policy.record;
    xml.open("policy_published");
    xml.leaf("domain", policy.domain);
    xml.leaf("discovery_method", "treewalk");
    xml.leaf("p", word(record.policy));
    if (record.subdomain_policy) xml.leaf("sp", word(*record.subdomain_policy));
    if (record.nonexistent_policy) xml.leaf("np", word(*record.nonexistent_policy));
    xml.leaf("adkim", letter(record.dkim));
    xml.leaf("aspf", letter(record.spf));
    if (!record.ruf.empty()) xml.leaf("fo", options_text(record.failure_options));
    xml.leaf("testing", record.testing ? "y" : "n");
    xml.close("policy_published");
}

void write_evaluated(Writer& xml, const ReportRow& row) {
    xml.open("policy_evaluated");
    // A pass was not subject to any disposition (RFC 9990 3.1.1.5).
    xml.leaf("disposition", row.result == DmarcResult::Pass ? "pass" : word(row.disposition));
    xml.leaf("dkim", row.dkim_aligned ? "pass" : "fail");
    xml.leaf("spf", row.spf_aligned ? "pass" : "fail");
    if (row.reason != OverrideReason::None) {
        xml.open("reason");
        xml.leaf("type", word_of(row.reason));
        xml.close("reason");
    }
    xml.close("policy_evaluated");
}

void write_results(Writer& xml, const ReportRow& row) {
    xml.open("auth_results");
    for (const ReportedDkim& each : row.dkim) {
        xml.open("dkim");
        xml.leaf("domain", each.domain);
        xml.leaf("selector", each.selector);
        xml.leaf("result", word(each.result));
        xml.close("dkim");
    }
    if (!row.spf_domain.empty()) {
        xml.open("spf");
        xml.leaf("domain", row.spf_domain);
        xml.leaf("scope", "mfrom");
        xml.leaf("result", word(row.spf));
        xml.close("spf");
    }
    xml.close("auth_results");
}

void write_row(Writer& xml, const ReportRow& row, std::uint64_t count) {
    xml.open("record");
    xml.open("row");
    xml.leaf("source_ip", row.source_ip);
    xml.leaf("count", std::to_string(count));
    write_evaluated(xml, row);
    xml.close("row");
    xml.open("identifiers");
    xml.leaf("header_from", row.header_from);
    xml.leaf("envelope_from", row.envelope_from);
    xml.close("identifiers");
    write_results(xml, row);
    xml.close("record");
}

}  // namespace

std::string AggregateReport::xml(const ReportFacts& facts) const {
    Writer xml;
    xml.raw(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n");
    xml.deeper();
    xml.leaf("version", "1.0");
    xml.open("report_metadata");
    xml.leaf("org_name", facts.organization);
    xml.leaf("email", facts.email);
    xml.leaf("report_id", facts.id);
    xml.open("date_range");
    xml.leaf("begin", std::to_string(facts.begin));
    xml.leaf("end", std::to_string(facts.end));
    xml.close("date_range");
    if (dropped_ > 0) {
        xml.leaf("error", std::to_string(dropped_) + " messages are not in this report");
    }
    xml.leaf("generator", "Postern");
    xml.close("report_metadata");
    write_policy(xml, policy_);
    for (const auto& [row, count] : rows_) write_row(xml, row, count);
    xml.close("feedback");
    return xml.take();
}

}  // namespace postern::auth::dmarc
