#include "gateway/settings/dkim.hpp"

#include <algorithm>
#include <string_view>

#include "analyzers/base/ascii.hpp"
#include "gateway/settings/key_reader.hpp"

namespace postern::settings {
namespace {

constexpr Choice<SignScope> kScopes[] = {
    {"off", SignScope::Off}, {"reports", SignScope::Reports}, {"all", SignScope::All}};
constexpr Choice<SignedForm> kForms[] = {{"relaxed", SignedForm::Relaxed},
                                         {"simple", SignedForm::Simple}};
constexpr std::size_t kMaxKeys = 10'000;

/// Labels of letters, digits, "-" and "_".
bool is_name(std::string_view text, std::size_t least_labels) {
    constexpr std::size_t kMaxName = 253;
    constexpr std::size_t kMaxLabel = 63;
    if (text.empty() || text.size() > kMaxName) return false;
    std::size_t labels = 0;
    for (std::size_t at = 0; at <= text.size(); ++labels) {
        const std::size_t dot = std::min(text.find('.', at), text.size());
        const std::string_view label = text.substr(at, dot - at);
        if (label.empty() || label.size() > kMaxLabel || label.front() == '-' ||
            label.back() == '-' || !std::all_of(label.begin(), label.end(), [](char c) {
                return ascii_alnum(c) || c == '-' || c == '_';
            })) {
            return false;
        }
        at = dot + 1;
    }
    return labels >= least_labels;
}

void read_key(KeyReader& keys, const std::string& table, DkimKey& key) {
    keys.text(table + ".domain", key.domain);
    keys.text(table + ".selector", key.selector);
    keys.text(table + ".file", key.file);
    if (!is_name(key.domain, 2)) keys.fail(table + ".domain", "is no domain name");
    if (!is_name(key.selector, 1)) keys.fail(table + ".selector", "is no selector");
    if (key.file.empty()) keys.fail(table + ".file", "is missing; a PEM file is expected");
    key.domain = ascii_lower(key.domain);
    key.selector = ascii_lower(key.selector);
}

bool is_field_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < '\x7f' && c != ':' && c != ';';
    });
}

}  // namespace

void read_dkim(KeyReader& keys, Dkim& dkim) {
    keys.choice("dkim.sign", dkim.sign, kScopes);
    keys.choice("dkim.header", dkim.header, kForms);
    keys.choice("dkim.body", dkim.body, kForms);
    keys.duration("dkim.lifetime", dkim.lifetime, std::chrono::milliseconds(0),
                  std::chrono::hours(24 * 365));
    if (dkim.lifetime.count() % 1000 != 0) {
        keys.fail("dkim.lifetime", "is no whole number of seconds");
    }
    keys.list("dkim.fields", dkim.fields);
    bool names_from = dkim.fields.empty();
    for (const std::string& field : dkim.fields) {
        if (!is_field_name(field)) keys.fail("dkim.fields", "has \"" + field + "\", no field name");
        names_from = names_from || ascii_iequal(field, "from");
    }
    // RFC 6376 5.4
    if (!names_from) keys.fail("dkim.fields", "does not have \"From\", which must be signed");
    const std::size_t count = keys.count("dkim.key");
    if (count > kMaxKeys) keys.fail("dkim.key", "has more than 10000 entries");
    for (std::size_t i = 0; i < count; ++i) {
        DkimKey key;
        read_key(keys, "dkim.key[" + std::to_string(i) + "]", key);
        dkim.keys.push_back(std::move(key));
    }
    if (dkim.sign != SignScope::Off && dkim.keys.empty()) {
        keys.fail("dkim.sign", "needs a [[dkim.key]]");
    }
}

void read_arc(KeyReader& keys, ArcSealing& arc) {
    keys.flag("arc.seal", arc.seal);
    if (arc.seal || keys.has("arc.domain") || keys.has("arc.selector") || keys.has("arc.file")) {
        read_key(keys, "arc", arc.key);
    }
}

}  // namespace postern::settings
