#pragma once

/// @file One transaction with one server of a route, or with several one after the other.

#include <optional>
#include <string>
#include <vector>

#include "gateway/relay/message_pass.hpp"
#include "gateway/relay/next_hop.hpp"
#include "gateway/relay/route.hpp"

namespace postern::relay {

class Leg {
public:
    /// `envelope` must outlive it. `limit` bounds all waiting before DATA.
    Leg(RouteState& route, const Envelope& envelope, Clock::time_point limit)
        : itinerary_(route, limit), envelope_(envelope) {}
    ~Leg() { abandon(); }
    Leg(const Leg&) = delete;
    Leg& operator=(const Leg&) = delete;

    [[nodiscard]] smtp::PeerReply recipient(const Recipient& recipient);
    /// Recipients that were answered positively.
    [[nodiscard]] std::size_t accepted() const { return taken_.size(); }
    /// Why the last answer was ours; empty: it was the server's.
    [[nodiscard]] const std::string& problem() const { return problem_; }
    /// All further answers are the same: MAIL was refused, or no server is left.
    [[nodiscard]] bool over() const { return over_; }
    /// `seen`: what a pass over `source` found.
    [[nodiscard]] Sent send(const MessageSource& source, const Survey& seen);
    void abandon();

private:
    struct Taken {
        Recipient recipient;
        std::optional<smtp::PeerReply> refused = {};  ///< by the server that took over
    };
    /// nullopt: the server is given up, or all is over.
    using Spoken = Outcome<std::optional<smtp::PeerReply>, Lost>;

    [[nodiscard]] bool advance();
    [[nodiscard]] std::optional<smtp::PeerReply> refusal_by_offer() const;
    [[nodiscard]] Spoken speak(const Recipient& recipient);
    [[nodiscard]] Spoken say_mail(const Recipient& first);
    [[nodiscard]] Spoken say_recipient(const Recipient& recipient);
    [[nodiscard]] Outcome<bool, Lost> replay();
    void sender_refused(const smtp::PeerReply& reply);
    void hold(const smtp::PeerReply& reply, const std::string& why);
    void lose(const Lost& lost);
    void leave_server();
    void close(const smtp::PeerReply& reply, const std::string& why);

    [[nodiscard]] std::optional<smtp::PeerReply> refusal_by_content(const MessageSource& source,
                                                                    const Survey& seen) const;
    [[nodiscard]] std::optional<Sent> transmit(const MessageSource& source);
    [[nodiscard]] Sent collect();
    [[nodiscard]] Sent all(Certainty certainty, const smtp::PeerReply& reply,
                           std::string detail = {}) const;
    [[nodiscard]] std::vector<smtp::PeerReply> with_refused(
        const std::vector<smtp::PeerReply>& replies) const;
    [[nodiscard]] smtp::ClientSession& session() { return connection_->session(); }
    [[nodiscard]] Clock::time_point reply_deadline() const;

    Itinerary itinerary_;
    const Envelope& envelope_;
    std::vector<Taken> taken_;
    Hop* hop_ = nullptr;
    std::unique_ptr<Connection> connection_;  ///< null: none yet, lost, or given up
    bool reused_ = false;
    bool mail_said_ = false;      ///< on this connection
    bool mail_answered_ = false;  ///< likewise
    bool over_ = false;
    smtp::PeerReply refusal_ = {};         ///< what every call answers when it is over
    std::optional<smtp::PeerReply> held_;  ///< of the first server that another was tried for
    std::string held_why_;
    std::string problem_;
};

}  // namespace postern::relay
