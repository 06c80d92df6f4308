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
    std::string reverse_path;
    std::string data;  ///< of the message that is coming
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
                session.answer({220, "2.0.0", "Go ahead"});
            }
        }
    }

    Reply decide(const Event& event) {
        std::string path;
        if (const auto* mail = std::get_if<MailFrom>(&event)) path = mail::path_text(mail->path);
        if (const auto* rcpt = std::get_if<RcptTo>(&event)) path = mail::path_text(rcpt->path);
        if (path.find("refused.example") != std::string::npos) return {550, "5.1.1", "no"};
        if (std::holds_alternative<MailFrom>(event)) reverse_path = path;
        if (std::holds_alternative<DataRequested>(event)) data.clear();
        if (std::holds_alternative<DataRefused>(event)) data.clear();
        if (std::holds_alternative<DataComplete>(event)) accepted.push_back({reverse_path, data});
        return usual_reply(event, "mx.test");
    }
};

}  // namespace postern::smtp::testing_support
