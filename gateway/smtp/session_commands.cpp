/// @file What each command means.

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "analyzers/base/ascii.hpp"
#include "gateway/smtp/mail_arguments.hpp"
#include "gateway/smtp/session.hpp"

namespace postern::smtp {
namespace {

constexpr std::size_t kMaxHelo = 255;  // RFC 5321 4.5.3.1.2

constexpr unsigned in() {
    return 0;
}
template <class... Rest>
constexpr unsigned in(State first, Rest... rest) {
    return (1U << static_cast<unsigned>(first)) | in(rest...);
}

using enum State;
constexpr unsigned kAnywhere = in(Greeted, Ready, HasSender, HasRecipient, AwaitingChunk);
constexpr unsigned kGreeted = in(Ready, HasSender, HasRecipient);

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

/// "FROM:" off the front; nullopt if it is not there.
std::optional<std::string_view> behind(std::string_view keyword, std::string_view argument) {
    if (!ascii_iequal(argument.substr(0, keyword.size()), keyword)) return std::nullopt;
    return argument.substr(keyword.size());
}

const Reply kBadSequence{503, "5.5.1", "Bad sequence of commands"};
const Reply kNoArgument{501, "5.5.4", "Takes no argument"};

}  // namespace

struct Session::Rule {
    std::string_view verb;
    unsigned legal;
    Stage stage;
    std::optional<Step> (Session::*handler)(std::string_view argument);
};

// Which command is legal when. Where a positive answer leads is in the handler.
const Session::Rule* Session::find_rule(std::string_view verb) {
    static constexpr Rule kRules[] = {
        // clang-format off
        {"EHLO",     kAnywhere,                   Stage::Helo,     &Session::on_ehlo},
        {"HELO",     kAnywhere,                   Stage::Helo,     &Session::on_helo},
        {"STARTTLS", kGreeted,                    Stage::StartTls, &Session::on_starttls},
        {"MAIL",     in(Greeted, Ready),          Stage::Mail,     &Session::on_mail},
        {"RCPT",     in(HasSender, HasRecipient), Stage::Rcpt,     &Session::on_rcpt},
        {"DATA",     in(HasRecipient),            Stage::Data,     &Session::on_data},
        {"RSET",     kAnywhere,                   Stage::Other,    &Session::on_rset},
        {"NOOP",     kAnywhere,                   Stage::Other,    &Session::on_noop},
        {"QUIT",     kAnywhere,                   Stage::Other,    &Session::on_quit},
        {"VRFY",     kAnywhere,                   Stage::Other,    &Session::on_vrfy},
        {"HELP",     kAnywhere,                   Stage::Other,    &Session::on_help},
        {"BDAT",     kAnywhere,                   Stage::Data,     &Session::on_bdat},
        {"XCLIENT",  kAnywhere,                   Stage::Other,    &Session::on_xclient},
        {"EXPN",     kAnywhere,                   Stage::Other,    &Session::not_offered},
        {"AUTH",     kAnywhere,                   Stage::Other,    &Session::not_offered},
        // Not SMTP at all: a browser or a script that was sent to the wrong port, perhaps on purpose.
        {"GET",      kAnywhere,                   Stage::Other,    &Session::not_smtp},
        {"POST",     kAnywhere,                   Stage::Other,    &Session::not_smtp},
        {"PUT",      kAnywhere,                   Stage::Other,    &Session::not_smtp},
        {"HEAD",     kAnywhere,                   Stage::Other,    &Session::not_smtp},
        {"OPTIONS",  kAnywhere,                   Stage::Other,    &Session::not_smtp},
        {"CONNECT",  kAnywhere,                   Stage::Other,    &Session::not_smtp},
        // clang-format on
    };
    const auto* rule = std::find_if(std::begin(kRules), std::end(kRules),
                                    [verb](const Rule& r) { return ascii_iequal(r.verb, verb); });
    return rule == std::end(kRules) ? nullptr : rule;
}

std::optional<Step> Session::perform(std::string_view command) {
    ++progress_;
    const std::string_view verb = command.substr(0, command.find(' '));
    const Rule* rule = find_rule(verb);
    if (rule == nullptr) return refuse(Stage::Other, {500, "5.5.2", "Unknown command"});
    if ((rule->legal & in(state_)) == 0) return refuse(rule->stage, kBadSequence);
    return (this->*rule->handler)(command.substr(std::min(verb.size() + 1, command.size())));
}

std::optional<Step> Session::on_ehlo(std::string_view argument) {
    return greet(argument, true);
}

std::optional<Step> Session::on_helo(std::string_view argument) {
    return greet(argument, false);
}

std::optional<Step> Session::greet(std::string_view argument, bool extended) {
    argument = trim(argument);
    const auto usable = [](char c) { return c > ' ' && c < '\x7f'; };
    if (argument.empty() || argument.size() > kMaxHelo ||
        !std::all_of(argument.begin(), argument.end(), usable)) {
        return refuse(Stage::Helo, {501, "5.5.2", "Syntax: EHLO hostname"});
    }
    if (too_many_futile()) return std::nullopt;
    end_transaction();
    extended_ = extended;
    return ask(Helo{extended, std::string(argument)}, {.then = Ready, .stage = Stage::Helo});
}

std::optional<Step> Session::on_starttls(std::string_view argument) {
    if (settings_->tls == TlsPolicy::Off) return not_offered(argument);
    if (in_tls_) return refuse(Stage::StartTls, kBadSequence);
    if (!trim(argument).empty()) return refuse(Stage::StartTls, kNoArgument);
    pending_ = Pending{.then = Handshaking, .stage = Stage::StartTls};
    return StartTls{};
}

std::optional<Step> Session::on_mail(std::string_view argument) {
    if (state_ == Greeted && settings_->require_helo) {
        return refuse(Stage::Mail, {503, "5.5.1", "Send EHLO first"});
    }
    if (settings_->tls == TlsPolicy::Required && !in_tls_) {
        return refuse(Stage::Mail, {530, "5.7.0", "Send STARTTLS first"});
    }
    if (messages_ >= settings_->max_messages) {
        close({421, "4.7.0", "Too many messages in one session, connect again"});
        return std::nullopt;
    }
    const auto path = behind("FROM:", argument);
    if (!path) return refuse(Stage::Mail, {501, "5.5.4", "Syntax: MAIL FROM:<address>"});
    auto mail = parse_mail(*path, {.extended = extended_,
                                   .max_size = settings_->max_message_size,
                                   .dsn = settings_->dsn,
                                   .prdr = settings_->prdr});
    if (!mail) return refuse(Stage::Mail, mail.error());
    smtputf8_ = mail->smtputf8;
    prdr_ = mail->prdr;
    return ask(std::move(mail).value(), {.then = HasSender, .stage = Stage::Mail});
}

std::optional<Step> Session::on_rcpt(std::string_view argument) {
    const auto path = behind("TO:", argument);
    if (!path) return refuse(Stage::Rcpt, {501, "5.5.4", "Syntax: RCPT TO:<address>"});
    auto rcpt =
        parse_rcpt(*path, {.extended = extended_, .smtputf8 = smtputf8_, .dsn = settings_->dsn});
    if (!rcpt) return refuse(Stage::Rcpt, rcpt.error());
    if (recipients_ >= settings_->max_recipients) {
        say(Stage::Rcpt, {452, "4.5.3", "Too many recipients"});
        return std::nullopt;
    }
    return ask(std::move(rcpt).value(), {.then = HasRecipient, .stage = Stage::Rcpt});
}

std::optional<Step> Session::on_data(std::string_view argument) {
    if (!trim(argument).empty()) return refuse(Stage::Data, kNoArgument);
    return ask(DataRequested{false}, {.then = ReceivingData, .stage = Stage::Data});
}

std::optional<Step> Session::on_xclient(std::string_view argument) {
    if (!settings_->xclient) return refuse(Stage::Other, {500, "5.5.2", "Unknown command"});
    if (state_ != Greeted && state_ != Ready) return refuse(Stage::Other, kBadSequence);
    if (too_many_futile()) return std::nullopt;
    auto introduction = parse_xclient(argument);
    if (!introduction) return refuse(Stage::Other, introduction.error());
    pending_ = Pending{.then = Connecting, .stage = Stage::Other, .silent = true};
    return Xclient{std::move(introduction).value()};
}

std::optional<Step> Session::on_rset(std::string_view argument) {
    if (!trim(argument).empty()) return refuse(Stage::Other, kNoArgument);
    if (too_many_futile()) return std::nullopt;
    end_transaction();
    return ask(Reset{}, {.then = state_, .stage = Stage::Other});
}

std::optional<Step> Session::on_noop(std::string_view) {
    if (!too_many_futile()) say(Stage::Other, {250, "2.0.0", "Ok"});
    return std::nullopt;
}

std::optional<Step> Session::on_vrfy(std::string_view argument) {
    if (trim(argument).empty()) return refuse(Stage::Other, {501, "5.5.4", "Syntax: VRFY address"});
    if (!too_many_futile()) {
        say(Stage::Other, {252, "2.0.0", "Cannot verify, but will take mail and try"});
    }
    return std::nullopt;
}

std::optional<Step> Session::on_help(std::string_view) {
    if (!too_many_futile()) say(Stage::Other, {214, "2.0.0", "See RFC 5321"});
    return std::nullopt;
}

std::optional<Step> Session::on_quit(std::string_view argument) {
    if (!trim(argument).empty()) return refuse(Stage::Other, kNoArgument);
    return ask(Quit{}, {.then = Closed, .stage = Stage::Other, .last_word = true});
}

std::optional<Step> Session::not_offered(std::string_view) {
    return refuse(Stage::Other, {502, "5.5.1", "Command not offered"});
}

std::optional<Step> Session::not_smtp(std::string_view) {
    close({521, "5.5.1", "This is an SMTP server"});
    return std::nullopt;
}

}  // namespace postern::smtp
