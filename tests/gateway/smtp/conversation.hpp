#pragma once

/// @file A session with a gateway behind it that is polite to everybody but refused.example.

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/smtp/session.hpp"

namespace postern::smtp::testing_support {

struct AcceptedMessage {
    std::string reverse_path;
    std::string bytes;
};

class Conversation {
public:
    explicit Conversation(SessionSettings settings)
        : session(std::make_shared<const SessionSettings>(std::move(settings))) {}

    /// Feeds `bytes`, `step` at a time, and returns what the session said.
    std::string say(std::string_view bytes, std::size_t step) {
        run();
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            session.feed(bytes.substr(at, step));
            run();
        }
        return session.take_output();
    }

    Session session;
    std::string log;  ///< every event, a line each
    std::string reverse_path;
    std::vector<std::string> recipients;  ///< of the message that is coming
    std::string data;                     ///< of the message that is coming
    std::vector<AcceptedMessage> accepted;
    std::size_t largest_chunk = 0;

private:
    void run() {
        while (auto step = session.next()) {
            if (const auto* chunk = std::get_if<DataChunk>(&*step)) {
                data += chunk->bytes;
                largest_chunk = std::max(largest_chunk, chunk->bytes.size());
            } else if (const auto* event = std::get_if<Event>(&*step)) {
                session.answer(decide(*event));
            } else {
                log += std::holds_alternative<StartTls>(*step) ? "starttls\n" : "xclient\n";
                session.answer({220, "2.0.0", "Go ahead"});
            }
        }
    }

    Reply decide(const Event& event) {
        log += std::to_string(event.index());
        if (const auto* helo = std::get_if<Helo>(&event)) log += " " + helo->argument;
        if (const auto* mail = std::get_if<MailFrom>(&event)) {
            log += " " + mail::path_text(mail->path) + " " + mail->dsn_return + " " +
                   mail->dsn_envelope + (mail->prdr ? " prdr" : "");
        }
        if (const auto* rcpt = std::get_if<RcptTo>(&event)) {
            log += " " + mail::path_text(rcpt->path) + " " + rcpt->dsn_notify + " " +
                   rcpt->dsn_original;
        }
        if (const auto* whole = std::get_if<DataComplete>(&event)) {
            log += " " + std::to_string(whole->size);
        }
        log += "\n";
        std::string path;
        if (const auto* mail = std::get_if<MailFrom>(&event)) path = mail::path_text(mail->path);
        if (const auto* rcpt = std::get_if<RcptTo>(&event)) path = mail::path_text(rcpt->path);
        if (path.find("refused.example") != std::string::npos) return {550, "5.1.1", "no"};
        if (std::holds_alternative<MailFrom>(event)) {
            reverse_path = path;
            recipients.clear();
        }
        if (std::holds_alternative<RcptTo>(event)) recipients.push_back(path);
        if (std::holds_alternative<DataRequested>(event)) data.clear();
        if (std::holds_alternative<DataRefused>(event)) data.clear();
        if (std::holds_alternative<DataComplete>(event)) accepted.push_back({reverse_path, data});
        Reply reply = usual_reply(event, "mx.test");
        if (!std::holds_alternative<DataComplete>(event)) return reply;
        for (const std::string& each : recipients) {
            const bool later = each.find("later.example") != std::string::npos;
            reply.recipients.push_back(later ? Reply{450, "4.2.0", each}
                                             : Reply{250, "2.0.0", each});
        }
        return reply;
    }
};

}  // namespace postern::smtp::testing_support
