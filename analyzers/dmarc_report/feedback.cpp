#include "analyzers/dmarc_report/feedback.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"

namespace postern::analyzers {
namespace {

constexpr std::string_view kRoot = "/feedback";
constexpr std::string_view kRecord = "/feedback/record";
constexpr std::string_view kDkim = "/feedback/record/auth_results/dkim";
constexpr std::string_view kSpf = "/feedback/record/auth_results/spf";
constexpr std::string_view kUnknown = "/?";    // no element has this name
constexpr std::size_t kLongestName = 32;       // of the elements that we know, and more
constexpr std::size_t kLongestText = 2 << 10;  // of which kMaxDmarcText bytes are kept

bool known_space(std::string_view space) {
    return space.empty() || space == "urn:ietf:params:xml:ns:dmarc-2.0" ||
           space == "http://dmarc.org/dmarc-xml/0.1";
}

std::string_view trimmed(std::string_view text) {
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return {};
    return text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

std::string clean(std::string_view text) {
    return clean_text(text, kMaxDmarcText);
}

/// Some receivers write addresses where a domain belongs: whose they are is nobody's business.
std::string clean_domain(std::string_view text) {
    const std::size_t at = text.rfind('@');
    return clean(ascii_lower(at == std::string_view::npos ? text : text.substr(at + 1)));
}

/// 0 for what is no number, or too large.
std::uint64_t number(std::string_view text, std::uint64_t most) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [behind, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && behind == end && value <= most ? value : 0;
}

/// The usual form of an address; empty: it is none.
std::string address(std::string_view text) {
    const std::string given(text);
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    std::array<char, INET6_ADDRSTRLEN> usual{};
    for (const int family : {AF_INET, AF_INET6}) {
        if (::inet_pton(family, given.c_str(), bytes.data()) != 1) continue;
        return ::inet_ntop(family, bytes.data(), usual.data(), usual.size());
    }
    return {};
}

std::size_t size_of(const DmarcReportRow& row) {
    std::size_t size = 64 + row.source_ip.size() + row.header_from.size() +
                       row.envelope_from.size() + row.spf_domain.size();
    for (const auto& each : row.dkim) size += 16 + each.domain.size() + each.selector.size();
    return size;
}

}  // namespace

bool Feedback::open(std::string_view space, std::string_view name) {
    text_.clear();
    const bool known = known_space(space) && name.size() <= kLongestName &&
                       name.find_first_of("/?") == std::string_view::npos;
    path_ += known ? "/" + std::string(name) : std::string(kUnknown);
    if (path_ == kRecord) {
        row_ = {};
        signatures_ = spf_results_ = 0;
    } else if (path_ == kDkim) {
        if (++signatures_ <= kMaxDmarcSignatures) row_.dkim.emplace_back();
    } else if (path_ == kSpf) {
        ++spf_results_;
    }
    return path_.starts_with(kRoot) && (path_.size() == kRoot.size() || path_[kRoot.size()] == '/');
}

bool Feedback::text(std::string_view piece) {
    text_ += piece.substr(0, kLongestText - std::min(kLongestText, text_.size()));
    return true;
}

bool Feedback::close() {
    value(path_, trimmed(text_));
    if (path_ == kRecord) end_record();
    text_.clear();
    path_.resize(path_.rfind('/'));
    return true;
}

void Feedback::value(std::string_view path, std::string_view text) {
    constexpr std::string_view kRow = "/feedback/record/row/";
    constexpr std::string_view kIdentifiers = "/feedback/record/identifiers/";
    if (text.empty() || path.find(kUnknown) != std::string_view::npos) return;
    if (path.starts_with(kRow)) {
        row_value(path.substr(kRow.size()), text);
    } else if (path == std::string(kIdentifiers) + "header_from") {
        row_.header_from = clean_domain(text);
    } else if (path == std::string(kIdentifiers) + "envelope_from") {
        row_.envelope_from = text == "<>" ? std::string() : clean_domain(text);
    } else if (path.starts_with(kDkim) || path.starts_with(kSpf)) {
        auth_value(path, text);
    } else {
        header_value(path.substr(kRoot.size()), text);
    }
}

void Feedback::header_value(std::string_view path, std::string_view text) {
    if (path == "/report_metadata/org_name") report_.reporter = clean(text);
    if (path == "/report_metadata/email") report_.contact = clean(text);
    if (path == "/report_metadata/report_id") report_.id = clean(text);
    if (path == "/report_metadata/date_range/begin") report_.begin = number(text, kMaxDmarcTime);
    if (path == "/report_metadata/date_range/end") report_.end = number(text, kMaxDmarcTime);
    if (path == "/policy_published/domain") report_.domain = clean_domain(text);
    if (path == "/policy_published/p") report_.policy = dmarc_action(text);
}

void Feedback::row_value(std::string_view path, std::string_view text) {
    if (path == "source_ip") row_.source_ip = address(text);
    if (path == "count") row_.count = number(text, kMaxDmarcCount);
    if (path == "policy_evaluated/disposition") row_.disposition = dmarc_action(text);
    if (path == "policy_evaluated/dkim") row_.dkim_aligned = ascii_iequal(text, "pass");
    if (path == "policy_evaluated/spf") row_.spf_aligned = ascii_iequal(text, "pass");
    if (path == "policy_evaluated/reason/type" && row_.reason == DmarcOverride::None) {
        row_.reason = dmarc_override(text);
    }
}

void Feedback::auth_value(std::string_view path, std::string_view text) {
    const bool spf = path.starts_with(kSpf);
    const std::string_view leaf = path.substr(spf ? kSpf.size() : kDkim.size());
    if (spf) {
        if (spf_results_ > 1) return;  // RFC 9990 has one; the first is that of MAIL FROM
        if (leaf == "/domain") row_.spf_domain = clean_domain(text);
        if (leaf == "/result") row_.spf = dmarc_auth_result(text);
        return;
    }
    if (signatures_ > kMaxDmarcSignatures || row_.dkim.empty()) return;
    DmarcReportSignature& signature = row_.dkim.back();
    if (leaf == "/domain") signature.domain = clean_domain(text);
    if (leaf == "/selector") signature.selector = clean(text);
    if (leaf == "/result") signature.result = dmarc_auth_result(text);
}

void Feedback::end_record() {
    const std::size_t size = size_of(row_);
    const bool sound = !row_.source_ip.empty() && row_.count > 0;
    if (!sound || report_.rows.size() >= kMaxDmarcRows || size > kMaxDmarcRowsSize - rows_size_) {
        ++report_.left_out;
        return;
    }
    rows_size_ += size;
    report_.rows.push_back(std::move(row_));
    row_ = {};
}

std::string_view Feedback::fault() const {
    if (report_.reporter.empty()) return "it does not say who reports";
    if (report_.id.empty()) return "it has no report_id";
    if (report_.domain.empty()) return "it does not say which domain it is about";
    if (report_.begin == 0 || report_.end < report_.begin) return "its date_range is none";
    if (report_.rows.empty() && report_.left_out == 0) return "it has no record";
    return {};
}

}  // namespace postern::analyzers
