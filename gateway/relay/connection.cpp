#include "gateway/relay/connection.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <variant>

namespace postern::relay {

using smtp::ClientEvent;

Outcome<std::unique_ptr<Connection>, Lost> Connection::open(const HopSettings& settings,
                                                            const Target& target,
                                                            const TlsClientContext* context,
                                                            int wake, Clock::time_point limit) {
    auto wire = Wire::connect(target.endpoint, wake,
                              std::min(limit, Clock::now() + settings.connect_timeout));
    if (!wire) return Failure{Lost{.detail = std::string(explain(wire.error()))}};
    smtp::ClientSettings client{.protocol = settings.protocol,
                                .tls = target.tls,
                                .helo_name = settings.helo_name,
                                .limits = settings.reply_limits};
    std::unique_ptr<Connection> connection(
        new Connection(std::move(wire).value(), std::move(client)));
    const auto greeted =
        connection->greet(target, context, std::min(limit, Clock::now() + settings.reply_timeout));
    if (!greeted) return Failure{greeted.error()};
    return connection;
}

Outcome<Done, Lost> Connection::greet(const Target& target, const TlsClientContext* context,
                                      Clock::time_point deadline) {
    for (;;) {
        const auto happened = event(deadline);
        if (!happened) return Failure{happened.error()};
        if (std::holds_alternative<smtp::ClientReady>(*happened)) return Done{};
        if (!std::holds_alternative<smtp::HandshakeDue>(*happened) || context == nullptr) {
            std::abort();  // nothing else comes before ClientReady
        }
        const auto secured = wire_.start_tls(context->connect(target.proof), deadline);
        if (!secured) {
            Lost failed = lost(secured.error());
            failed.tls = secured.error() != WireError::ShutDown;
            failed.detail = "TLS handshake: " + failed.detail;
            if (!wire_.tls_problem().empty()) failed.detail += " (" + wire_.tls_problem() + ")";
            return Failure{std::move(failed)};
        }
        session_.tls_established();
    }
}

Lost Connection::lost(WireError error) {
    return Lost{.detail = std::string(explain(error))};
}

std::optional<Outcome<ClientEvent, Lost>> Connection::session_event() {
    auto happened = session_.next();
    if (!happened) return std::nullopt;
    if (auto* over = std::get_if<smtp::ConversationOver>(&*happened)) {
        std::string detail = over->detail;
        if (over->reply) {
            detail += ": " + std::to_string(over->reply->code) + ' ' + over->reply->words();
        }
        return Failure{Lost{.reply = over->reply, .detail = std::move(detail)}};
    }
    return std::move(*happened);
}

Outcome<ClientEvent, Lost> Connection::event(Clock::time_point deadline) {
    for (;;) {
        if (auto happened = session_event()) return std::move(*happened);
        const auto sent = flush(deadline);
        if (!sent) return Failure{sent.error()};
        const auto bytes = wire_.read(deadline);
        if (!bytes) return Failure{lost(bytes.error())};
        session_.feed(*bytes);
    }
}

Outcome<Done, Lost> Connection::flush(Clock::time_point deadline) {
    const std::string output = session_.take_output();
    if (output.empty()) return Done{};
    const auto sent = wire_.write(output, deadline);
    if (sent) return Done{};
    // A server that has had enough says why before it closes.
    const auto last_words = wire_.read(Clock::now());
    if (last_words) {
        session_.feed(*last_words);
        if (auto happened = session_event(); happened && !*happened) {
            return Failure{happened->error()};
        }
    }
    return Failure{lost(sent.error())};
}

Outcome<smtp::PeerReply, Lost> Connection::answer(Clock::time_point deadline) {
    const auto happened = event(deadline);
    if (!happened) return Failure{happened.error()};
    const auto* answered = std::get_if<smtp::Answered>(&*happened);
    if (answered == nullptr) std::abort();  // after ClientReady nothing else comes
    return answered->reply;
}

bool Connection::reset_at_once() {
    if (!session_.idle()) return false;
    session_.reset();
    return wire_.write_at_once(session_.take_output());
}

bool Connection::settle(Clock::time_point deadline) {
    while (session_.unanswered() != 0) {
        const auto reply = answer(deadline);
        if (!reply || !reply->positive()) return false;
    }
    return !session_.over() && !wire_.stirred();
}

void Connection::say_goodbye() {
    if (!session_.idle()) return;
    session_.quit();
    [[maybe_unused]] const bool sent = wire_.write_at_once(session_.take_output());
}

}  // namespace postern::relay
