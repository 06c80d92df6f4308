#include "gateway/smtp/mail_arguments.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "analyzers/base/ascii.hpp"
#include "gateway/smtp/dsn_parameters.hpp"

namespace postern::smtp {
namespace {

using mail::AddressError;
using mail::Charset;

struct Parameter {
    std::string_view keyword;
    std::optional<std::string_view> value;
};

Reply syntax(std::string_view what) {
    return {501, "5.5.4", "Syntax error in " + std::string(what)};
}

/// " KEYWORD=value KEYWORD". nullopt: no such list (esmtp-param, RFC 5321 4.1.2).
std::optional<std::vector<Parameter>> cut_parameters(std::string_view text) {
    std::vector<Parameter> parameters;
    while (!text.empty()) {
        if (text.front() != ' ') return std::nullopt;
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        if (word.empty()) break;  // blanks at the end of the line
        const std::size_t equals = word.find('=');
        Parameter parameter{word.substr(0, equals), std::nullopt};
        if (equals != std::string_view::npos) parameter.value = word.substr(equals + 1);
        const auto in_keyword = [](char c) { return ascii_alnum(c) || c == '-'; };
        if (parameter.keyword.empty() ||
            !std::all_of(parameter.keyword.begin(), parameter.keyword.end(), in_keyword) ||
            (parameter.value && parameter.value->empty())) {
            return std::nullopt;
        }
        parameters.push_back(parameter);
    }
    return parameters;
}

/// RFC 1870: up to twenty digits. nullopt: no number; a number beyond 64 bits is the largest.
std::optional<std::uint64_t> parse_size(std::string_view text) {
    constexpr std::size_t kMaxDigits = 20;
    if (text.size() > kMaxDigits || !std::all_of(text.begin(), text.end(), ascii_digit)) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec == std::errc::result_out_of_range) return UINT64_MAX;
    return value;
}

std::optional<Reply> take_size(MailFrom& mail, const Parameter& parameter, const MailRules& rules) {
    const auto size = parameter.value ? parse_size(*parameter.value) : std::nullopt;
    if (!size || mail.size) return syntax("SIZE");
    if (*size > rules.max_size) {
        return Reply{552, "5.3.4",
                     "Message too big: at most " + std::to_string(rules.max_size) + " bytes"};
    }
    mail.size = size;
    return std::nullopt;
}

std::optional<Reply> take_body(MailFrom& mail, const Parameter& parameter) {
    const std::string_view value = parameter.value.value_or("");
    if (ascii_iequal(value, "BINARYMIME")) {
        // RFC 3030 3: its lines have no ends, so it could not be passed on by DATA.
        return Reply{504, "5.5.4", "BINARYMIME is not offered"};
    }
    const bool eight_bit = ascii_iequal(value, "8BITMIME");
    if ((!eight_bit && !ascii_iequal(value, "7BIT")) || mail.body) return syntax("BODY");
    mail.body = eight_bit ? Body::EightBitMime : Body::SevenBit;
    return std::nullopt;
}

/// A DSN parameter, once, into `text`.
using ParseText = std::optional<std::string> (*)(std::string_view value);
std::optional<Reply> take_text(std::string& text, const Parameter& parameter, ParseText parse) {
    auto value = parse(parameter.value.value_or(""));
    if (!value || !text.empty()) return syntax(parameter.keyword);
    text = std::move(*value);
    return std::nullopt;
}

std::optional<Reply> take_flag(bool& flag, const Parameter& parameter) {
    if (parameter.value || flag) return syntax(parameter.keyword);
    flag = true;
    return std::nullopt;
}

std::optional<Reply> take_parameter(MailFrom& mail, const Parameter& parameter,
                                    const MailRules& rules) {
    const auto is = [&](bool offered, std::string_view keyword) {
        return rules.extended && offered && ascii_iequal(parameter.keyword, keyword);
    };
    if (is(true, "SIZE")) return take_size(mail, parameter, rules);
    if (is(true, "BODY")) return take_body(mail, parameter);
    if (is(true, "SMTPUTF8")) return take_flag(mail.smtputf8, parameter);
    if (is(rules.prdr, "PRDR")) return take_flag(mail.prdr, parameter);
    if (is(rules.dsn, "RET")) return take_text(mail.dsn_return, parameter, parse_dsn_return);
    if (is(rules.dsn, "ENVID")) return take_text(mail.dsn_envelope, parameter, parse_dsn_envelope);
    return Reply{555, "5.5.4", "Parameter not recognized"};
}

std::optional<Reply> take_parameter(RcptTo& rcpt, const Parameter& parameter,
                                    const RcptRules& rules) {
    if (rules.extended && rules.dsn && ascii_iequal(parameter.keyword, "NOTIFY")) {
        return take_text(rcpt.dsn_notify, parameter, parse_dsn_notify);
    }
    if (rules.extended && rules.dsn && ascii_iequal(parameter.keyword, "ORCPT")) {
        auto value = parse_dsn_original(parameter.value.value_or(""), rules.smtputf8);
        if (!value || !rcpt.dsn_original.empty()) return syntax(parameter.keyword);
        rcpt.dsn_original = std::move(*value);
        return std::nullopt;
    }
    return Reply{555, "5.5.4", "Parameter not recognized"};
}

Reply bad_address(AddressError error, std::string_view enhanced, std::string_view whose) {
    if (error == AddressError::NotAscii) {
        return {550, "5.6.7", "Address needs SMTPUTF8 and well-formed UTF-8"};
    }
    return {553, std::string(enhanced), "Bad " + std::string(whose) + " address"};
}

/// Path and parameters. Blanks between colon and path are common and harmless.
struct Cut {
    std::string_view path;
    std::vector<Parameter> parameters;
};
std::optional<Cut> cut_argument(std::string_view argument) {
    argument.remove_prefix(std::min(argument.find_first_not_of(' '), argument.size()));
    const auto path = mail::cut_path(argument);
    if (!path) return std::nullopt;
    auto parameters = cut_parameters(path->rest);
    if (!parameters) return std::nullopt;
    return Cut{path->inner, std::move(*parameters)};
}

}  // namespace

Outcome<MailFrom, Reply> parse_mail(std::string_view argument, const MailRules& rules) {
    const auto cut = cut_argument(argument);
    if (!cut) return Failure{syntax("MAIL FROM:<address>")};
    MailFrom mail;
    for (const Parameter& parameter : cut->parameters) {
        if (auto refusal = take_parameter(mail, parameter, rules)) {
            return Failure{std::move(*refusal)};
        }
    }
    auto path = mail::parse_reverse_path(cut->path, mail.smtputf8 ? Charset::Utf8 : Charset::Ascii);
    if (!path) return Failure{bad_address(path.error(), "5.1.7", "sender")};
    mail.path = std::move(path).value();
    return mail;
}

Outcome<RcptTo, Reply> parse_rcpt(std::string_view argument, const RcptRules& rules) {
    const auto cut = cut_argument(argument);
    if (!cut) return Failure{syntax("RCPT TO:<address>")};
    RcptTo rcpt{mail::Postmaster{}, {}, {}};  // until the path is read
    for (const Parameter& parameter : cut->parameters) {
        if (auto refusal = take_parameter(rcpt, parameter, rules)) {
            return Failure{std::move(*refusal)};
        }
    }
    auto path =
        mail::parse_forward_path(cut->path, rules.smtputf8 ? Charset::Utf8 : Charset::Ascii);
    if (!path) return Failure{bad_address(path.error(), "5.1.3", "recipient")};
    rcpt.path = std::move(path).value();
    return rcpt;
}

}  // namespace postern::smtp
