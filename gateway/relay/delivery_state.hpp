#pragma once

/// @file The inside of a Delivery.

#include <optional>
#include <string>
#include <string_view>

#include "gateway/relay/hop_state.hpp"
#include "gateway/relay/message_pass.hpp"
#include "gateway/relay/next_hop.hpp"

namespace postern::relay {

struct Delivery::State {
    State(NextHopState& hop, Envelope envelope, Lease lease)
        : hop_(hop),
          envelope_(std::move(envelope)),
          connection_(std::move(lease.connection)),
          reused_(lease.reused) {}

    /// What the envelope needs and the next hop does not offer.
    [[nodiscard]] std::optional<smtp::PeerReply> refusal_by_offer() const;
    [[nodiscard]] smtp::PeerReply recipient(const Recipient& recipient);
    [[nodiscard]] Sent send(const MessageSource& source);
    void abandon();
    [[nodiscard]] std::size_t accepted() const { return accepted_; }

private:
    [[nodiscard]] smtp::PeerReply first_recipient(const Recipient& recipient);
    [[nodiscard]] Outcome<smtp::PeerReply, Lost> say_mail_and_recipient(const Recipient& recipient);
    [[nodiscard]] Outcome<smtp::PeerReply, Lost> say_recipient(const Recipient& recipient);
    [[nodiscard]] bool reconnect();
    [[nodiscard]] std::optional<smtp::PeerReply> refusal_by_content(
        const MessageSource& source) const;
    [[nodiscard]] std::optional<Lost> transmit(const MessageSource& source, Sent& sent);
    void collect(Sent& sent);
    [[nodiscard]] Sent all(Certainty certainty, const smtp::PeerReply& reply,
                           std::string detail = {}) const;
    smtp::PeerReply close(const smtp::PeerReply& reply);
    [[nodiscard]] Clock::time_point reply_deadline() const {
        return Clock::now() + hop_.settings().reply_timeout;
    }

    NextHopState& hop_;
    Envelope envelope_;
    std::unique_ptr<Connection> connection_;  ///< null: the transaction is over
    bool reused_;
    bool mail_said_ = false;
    bool mail_answered_ = false;
    std::size_t accepted_ = 0;
    smtp::PeerReply refusal_ = hop_down();  ///< what every call answers when it is over
    std::string lost_detail_;
};

}  // namespace postern::relay
