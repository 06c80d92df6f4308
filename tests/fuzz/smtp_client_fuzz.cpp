/// @file A hostile server: any bytes, cut anywhere. The client session neither crashes nor depends
/// on the cut, passes on only what is fit for a reply, and never has a line of its own that the
/// server wrote.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "gateway/smtp/client_session.hpp"

namespace {

using namespace postern::smtp;

void demand_fit(const PeerReply& reply) {
    const auto printable = [](char c) { return c >= ' ' && c < '\x7f'; };
    const std::string words = reply.words();
    const bool fit = reply.code >= 200 && reply.code <= 599 && reply.text.size() <= kMaxReplyText &&
                     std::all_of(words.begin(), words.end(), printable) &&
                     !reply.enhanced.empty() &&
                     (reply.enhanced.front() == static_cast<char>('0' + reply.code / 100) ||
                      reply.code / 100 == 3);
    if (!fit) std::abort();
}

/// Nothing that the server said may come back in what we say.
void demand_own(const std::string& output) {
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        const bool known = line == "EHLO localhost\r" || line == "LHLO localhost\r" ||
                           line == "HELO localhost\r" || line == "STARTTLS\r" ||
                           line.starts_with("MAIL FROM:<a@b.test>") ||
                           line == "RCPT TO:<c@d.test>\r" || line == "DATA\r" || line == "RSET\r" ||
                           line == "..\r" || line == ".\r";
        if (!known) std::abort();
    }
}

/// Delivers one message to two recipients as far as the server lets it.
class Conversation {
public:
    explicit Conversation(ClientSettings settings) : session_(std::move(settings)) {}

    std::string run(std::string_view bytes, std::size_t step) {
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            session_.feed(bytes.substr(at, step));
            while (auto event = session_.next()) {
                transcript_ += std::to_string(event->index());
                std::visit(*this, *event);
            }
            demand_own(session_.take_output());
        }
        return transcript_;
    }

    void operator()(const HandshakeDue& /*event*/) { session_.tls_established(); }
    void operator()(const ClientReady& /*event*/) {
        if (!session_.mail({.reverse_path = "a@b.test", .size = 5, .eight_bit = true}))
            std::abort();
        if (session_.extensions().pipelining) say_recipient();
    }
    void operator()(const ConversationOver& event) {
        if (event.reply) demand_fit(*event.reply);
        if (!session_.over()) std::abort();
    }
    void operator()(const Answered& event) {
        demand_fit(event.reply);
        transcript_ += event.reply.words();
        if (session_.unanswered() != 0) return;
        if (event.command == ClientCommand::Data && event.reply.positive()) {
            session_.message(".\r\n.");
            session_.end_message();
        } else if (event.command == ClientCommand::Message) {
            session_.reset();
        } else if (event.command == ClientCommand::Reset) {
            (*this)(ClientReady{});
        } else if (recipients_ < 2) {
            say_recipient();
        } else if (session_.accepted_recipients() > 0) {
            session_.data();
        }
    }

private:
    void say_recipient() {
        ++recipients_;
        if (!session_.recipient({.forward_path = "c@d.test"})) std::abort();
    }

    ClientSession session_;
    int recipients_ = 0;
    std::string transcript_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ClientSettings settings{
        .protocol = (data[0] & 1U) != 0 ? ClientProtocol::Lmtp : ClientProtocol::Smtp,
        .tls = static_cast<ClientTls>((data[0] >> 1U) % 3),
        .limits = {.line = 200, .lines = 10, .total = 600}};
    const std::string bytes(data + 1, data + size);
    const std::string whole = Conversation(settings).run(bytes, 1);
    // Bytes behind the answer to STARTTLS are fatal only when they have come already, so that there
    // the cut is allowed to matter.
    if (settings.tls == ClientTls::None &&
        whole != Conversation(settings).run(bytes, std::max<std::size_t>(bytes.size(), 1))) {
        std::abort();
    }
    return 0;
}
