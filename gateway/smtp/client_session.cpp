#include "gateway/smtp/client_session.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "analyzers/base/ascii.hpp"

namespace postern::smtp {
namespace {

/// A driver that gives a command out of turn is broken.
void demand(bool legal) {
    if (!legal) std::abort();
}

/// True when `text` can stand between angle brackets: nothing ends the line or the path early.
bool sendable_path(std::string_view text, bool smtputf8) {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < ' ' || byte == 0x7f || (byte > 0x7f && !smtputf8)) return false;
        if (quoted && text[i] == '\\') {
            if (++i == text.size() || text[i] < ' ' || text[i] == '\x7f') return false;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && (text[i] == ' ' || text[i] == '<' || text[i] == '>')) {
            return false;
        }
    }
    return !quoted;
}

bool sendable_parameter(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

void add_parameter(std::string& line, bool wanted, std::string_view keyword,
                   std::string_view value = {}) {
    if (!wanted) return;
    line += ' ';
    line += keyword;
    line += value;
}

void read_extension(std::string_view line, PeerExtensions& extensions) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view keyword = line.substr(0, space);
    const std::string_view rest = line.substr(std::min(space + 1, line.size()));
    if (ascii_iequal(keyword, "8BITMIME")) extensions.eight_bit_mime = true;
    if (ascii_iequal(keyword, "SMTPUTF8")) extensions.smtputf8 = true;
    if (ascii_iequal(keyword, "PIPELINING")) extensions.pipelining = true;
    if (ascii_iequal(keyword, "DSN")) extensions.dsn = true;
    if (ascii_iequal(keyword, "STARTTLS")) extensions.starttls = true;
    if (ascii_iequal(keyword, "SIZE")) {
        extensions.size = true;
        std::uint64_t limit = 0;
        const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), limit);
        if (parsed.ec == std::errc{}) extensions.size_limit = limit;
    }
}

}  // namespace

ClientSession::ClientSession(ClientSettings settings)
    : settings_(std::move(settings)), reader_(settings_.limits) {
    demand(sendable_parameter(settings_.helo_name) && !settings_.helo_name.empty());
}

void ClientSession::feed(std::string_view bytes) {
    if (phase_ != Phase::Over) reader_.feed(bytes);
}

std::string ClientSession::take_output() {
    return std::exchange(output_, {});
}

std::optional<ClientEvent> ClientSession::next() {
    while (phase_ != Phase::Over && phase_ != Phase::Handshaking) {
        const auto reply = reader_.next();
        if (!reply) return std::nullopt;
        if (!*reply) return end(std::nullopt, std::string(explain(reply->error())));
        if (auto event = on_reply(**reply)) return event;
    }
    return std::nullopt;
}

std::optional<ClientEvent> ClientSession::on_reply(const RawReply& raw) {
    switch (phase_) {
        case Phase::Greeting:
            if (raw.code != 220) return end(clean_reply(raw), "the greeting refuses us");
            say_hello();
            return std::nullopt;
        case Phase::Hello:
        case Phase::OldHello:
            return on_hello(raw);
        case Phase::StartTls:
            return on_starttls(raw);
        case Phase::Ready:
        case Phase::Message:
            return on_answer(raw);
        case Phase::Handshaking:
        case Phase::Over:
            break;
    }
    return std::nullopt;
}

void ClientSession::say_hello() {
    phase_ = Phase::Hello;
    output_ += settings_.protocol == ClientProtocol::Lmtp ? "LHLO " : "EHLO ";
    output_ += settings_.helo_name + "\r\n";
}

std::optional<ClientEvent> ClientSession::on_hello(const RawReply& raw) {
    const bool unknown = raw.code == 500 || raw.code == 501 || raw.code == 502 || raw.code == 504;
    if (phase_ == Phase::Hello && unknown && settings_.protocol == ClientProtocol::Smtp && !tls_) {
        phase_ = Phase::OldHello;  // RFC 5321 3.2
        output_ += "HELO " + settings_.helo_name + "\r\n";
        return std::nullopt;
    }
    if (raw.code != 250) return end(clean_reply(raw), "EHLO is refused");
    extensions_ = {};
    if (phase_ == Phase::Hello) {
        for (std::size_t i = 1; i < raw.lines.size(); ++i) {
            read_extension(raw.lines[i], extensions_);
        }
    }
    if (!tls_ && settings_.tls != ClientTls::None && extensions_.starttls) {
        phase_ = Phase::StartTls;
        output_ += "STARTTLS\r\n";
        return std::nullopt;
    }
    return ready_or_over();
}

ClientEvent ClientSession::ready_or_over() {
    if (!tls_ && settings_.tls == ClientTls::Required) {
        return end(std::nullopt, "TLS is required and not to be had");
    }
    phase_ = Phase::Ready;
    return ClientReady{};
}

ClientEvent ClientSession::on_starttls(const RawReply& raw) {
    if (raw.code != 220) return ready_or_over();
    // What stands behind the 220 came in plaintext and would be read as if it came through TLS.
    if (reader_.has_leftover()) return end(std::nullopt, "bytes behind the answer to STARTTLS");
    phase_ = Phase::Handshaking;
    return HandshakeDue{};
}

void ClientSession::tls_established() {
    demand(phase_ == Phase::Handshaking);
    reader_.forget();
    extensions_ = {};
    tls_ = true;
    say_hello();
}

ClientEvent ClientSession::on_answer(const RawReply& raw) {
    // 421 may come at any time and closes the connection (RFC 5321 3.8).
    if (awaiting_.empty()) return end(clean_reply(raw), "an answer to nothing");
    const ClientCommand which = awaiting_.front();
    if (raw.code == 421 && which != ClientCommand::Message) {
        return end(clean_reply(raw), "the next hop closes the connection");
    }
    const bool data = which == ClientCommand::Data;
    if (raw.code / 100 == 3 && !data) return end(std::nullopt, "354 is an answer to DATA only");
    if (data && raw.code < 400 && raw.code != 354) {
        return end(std::nullopt, "DATA is answered by neither 354 nor a refusal");
    }
    awaiting_.pop_front();
    if (which == ClientCommand::Recipient && raw.code < 300) ++accepted_;
    if (data && raw.code < 400) {
        phase_ = Phase::Message;
        at_line_start_ = true;
        after_cr_ = false;
    }
    if (which == ClientCommand::Reset) accepted_ = 0;
    return Answered{which, clean_reply(raw)};
}

ClientEvent ClientSession::end(std::optional<PeerReply> reply, std::string detail) {
    phase_ = Phase::Over;
    awaiting_.clear();
    output_.clear();
    return ConversationOver{std::move(reply), std::move(detail)};
}

void ClientSession::command(ClientCommand which, std::string_view line) {
    demand(phase_ == Phase::Ready);
    demand(awaiting_.empty() || extensions_.pipelining);
    output_ += line;
    output_ += "\r\n";
    awaiting_.push_back(which);
}

bool ClientSession::mail(const MailCommand& wanted) {
    smtputf8_ = wanted.smtputf8 && extensions_.smtputf8;
    if (!sendable_path(wanted.reverse_path, smtputf8_) || !sendable_parameter(wanted.dsn_return) ||
        !sendable_parameter(wanted.dsn_envelope)) {
        return false;
    }
    std::string line = "MAIL FROM:<" + wanted.reverse_path + ">";
    add_parameter(line, extensions_.size && wanted.size != 0, "SIZE=", std::to_string(wanted.size));
    add_parameter(line, extensions_.eight_bit_mime && wanted.eight_bit, "BODY=8BITMIME");
    add_parameter(line, smtputf8_, "SMTPUTF8");
    add_parameter(line, extensions_.dsn && !wanted.dsn_return.empty(), "RET=", wanted.dsn_return);
    add_parameter(line, extensions_.dsn && !wanted.dsn_envelope.empty(),
                  "ENVID=", wanted.dsn_envelope);
    accepted_ = 0;
    command(ClientCommand::Mail, line);
    return true;
}

bool ClientSession::recipient(const RecipientCommand& wanted) {
    if (wanted.forward_path.empty() || !sendable_path(wanted.forward_path, smtputf8_) ||
        !sendable_parameter(wanted.dsn_notify) || !sendable_parameter(wanted.dsn_original)) {
        return false;
    }
    std::string line = "RCPT TO:<" + wanted.forward_path + ">";
    add_parameter(line, extensions_.dsn && !wanted.dsn_notify.empty(),
                  "NOTIFY=", wanted.dsn_notify);
    add_parameter(line, extensions_.dsn && !wanted.dsn_original.empty(),
                  "ORCPT=", wanted.dsn_original);
    command(ClientCommand::Recipient, line);
    return true;
}

void ClientSession::data() {
    demand(accepted_ > 0 && awaiting_.empty());
    command(ClientCommand::Data, "DATA");
}

void ClientSession::message(std::string_view bytes) {
    demand(phase_ == Phase::Message && awaiting_.empty());
    while (!bytes.empty()) {
        if (at_line_start_ && bytes.front() == '.') output_ += '.';
        const std::size_t lf = bytes.find('\n');
        const std::string_view line = bytes.substr(0, lf == bytes.npos ? lf : lf + 1);
        output_ += line;
        // Only CRLF ends a line: a dot behind a bare LF is not doubled, since a strict server would
        // keep the second one. NextHop does not let such a message come this far.
        const bool cr = line.size() > 1 ? line[line.size() - 2] == '\r' : after_cr_;
        at_line_start_ = lf != bytes.npos && cr;
        after_cr_ = line.back() == '\r';
        bytes.remove_prefix(line.size());
    }
}

void ClientSession::end_message() {
    demand(phase_ == Phase::Message && awaiting_.empty());
    output_ += at_line_start_ ? ".\r\n" : "\r\n.\r\n";
    const bool lmtp = settings_.protocol == ClientProtocol::Lmtp;
    awaiting_.insert(awaiting_.end(), lmtp ? accepted_ : 1, ClientCommand::Message);
    accepted_ = 0;
    phase_ = Phase::Ready;
}

void ClientSession::reset() {
    command(ClientCommand::Reset, "RSET");
}

void ClientSession::quit() {
    command(ClientCommand::Quit, "QUIT");
}

}  // namespace postern::smtp
