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
    /// `envelope` must outlive it. `limit` bounds all waiting, but for that of send().
    Leg(RouteState& route, const Envelope& envelope, Clock::time_point limit)
        : itinerary_(route, limit), envelope_(envelope) {}
    ~Leg() { abandon(); }
    Leg(Leg&&) noexcept = default;
    Leg& operator=(Leg&&) = delete;
    Leg(const Leg&) = delete;
    Leg& operator=(const Leg&) = delete;

    [[nodiscard]] smtp::PeerReply recipient(const Recipient& recipient);
    /// Recipients that were answered positively.
    [[nodiscard]] std::size_t accepted() const { return taken_.size(); }
    /// Why the last answer was ours; empty: it was the server's.
    [[nodiscard]] const std::string& problem() const { return problem_; }
    /// The last answer was one to MAIL, or ours: it says nothing about the recipient.
    [[nodiscard]] bool about_sender() const { return over_; }
    [[nodiscard]] Sent send(const MessageSource& source, const Survey& seen);
    void abandon();

private:
    struct Taken {
        Recipient recipient;
        std::optional<smtp::PeerReply> refused = {};  ///< by the server that took over
    };
    enum class Step { Going, Next, Over };

    [[nodiscard]] bool advance();
    [[nodiscard]] std::optional<smtp::PeerReply> refusal_by_offer() const;
    [[nodiscard]] Outcome<Step, Lost> say_mail(const Recipient& first, smtp::PeerReply& answer);
    [[nodiscard]] Step sender_refused(const smtp::PeerReply& reply);
    [[nodiscard]] Outcome<Step, Lost> replay();
    [[nodiscard]] Outcome<smtp::PeerReply, Lost> say_recipient(const Recipient& recipient);
    [[nodiscard]] bool resume();
    void lose(const Lost& lost);
    void leave_server();
    smtp::PeerReply close(const smtp::PeerReply& reply);

    [[nodiscard]] std::optional<smtp::PeerReply> refusal_by_content(const MessageSource& source,
                                                                    const Survey& seen) const;
    [[nodiscard]] bool transmit(const MessageSource& source, Sent& sent);
    void collect(Sent& sent);
    [[nodiscard]] Sent all(Certainty certainty, const smtp::PeerReply& reply,
                           std::string detail = {}) const;
    void fill_in(Sent& sent) const;
    [[nodiscard]] const HopSettings& settings() const { return hop_->settings(); }
    [[nodiscard]] Clock::time_point reply_deadline() const;

    Itinerary itinerary_;
    const Envelope& envelope_;
    std::vector<Taken> taken_;
    Hop* hop_ = nullptr;
    std::unique_ptr<Connection> connection_;  ///< null: none, or given up
    bool reused_ = false;
    bool mail_said_ = false;      ///< on this connection
    bool mail_answered_ = false;  ///< likewise
    bool over_ = false;
    smtp::PeerReply refusal_ = {};          ///< what every call answers when it is over
    std::optional<smtp::PeerReply> held_;   ///< what a server said for which another was tried
    bool was_down_ = false;                 ///< a server could not be used, or was lost
    std::string problem_;
};

}  // namespace postern::relay
