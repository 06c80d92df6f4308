#include <algorithm>
#include <string>
#include <utility>

#include "gateway/relay/delivery_state.hpp"

namespace postern::relay {
namespace {

using smtp::PeerReply;

const PeerReply kNoSmtpUtf8{550, "5.6.7", "Next hop does not take internationalized addresses"};
const PeerReply kNoEightBit{554, "5.6.3", "Next hop does not take 8-bit content"};
const PeerReply kTooBig{552, "5.3.4", "Message is too big for the next hop"};
const PeerReply kBareLineEnd{550, "5.5.2", "Message has a bare CR or LF"};
const PeerReply kBadSender{553, "5.1.7", "Sender address cannot be passed on"};
const PeerReply kBadRecipient{553, "5.1.3", "Recipient address cannot be passed on"};
const PeerReply kUnreadable{451, "4.3.0", "Message could not be read"};

/// 421 announces the end of a connection that the client does not have.
PeerReply passed_on(PeerReply reply) {
    if (reply.code == 421) reply.code = 451;
    return reply;
}

}  // namespace

std::optional<PeerReply> Delivery::State::refusal_by_offer() const {
    const smtp::PeerExtensions& offer = connection_->session().extensions();
    if (envelope_.smtputf8 && !offer.smtputf8) return kNoSmtpUtf8;
    if (offer.size_limit != 0 && envelope_.size > offer.size_limit) return kTooBig;
    return std::nullopt;
}

PeerReply Delivery::State::recipient(const Recipient& recipient) {
    if (!connection_) return refusal_;
    if (!mail_said_) return first_recipient(recipient);
    const auto reply = say_recipient(recipient);
    if (reply) return *reply;
    lost_detail_ = reply.error().detail;
    return close(hop_down());
}

/// A kept connection may have died unnoticed. As long as MAIL has no answer nothing has happened
/// yet, so one new connection may try it again.
PeerReply Delivery::State::first_recipient(const Recipient& recipient) {
    mail_said_ = true;
    auto reply = say_mail_and_recipient(recipient);
    if (!reply && reused_ && !mail_answered_) {
        hop_.count_retry();
        if (!reconnect()) return refusal_;
        reply = say_mail_and_recipient(recipient);
    }
    if (reply) return *reply;
    lost_detail_ = reply.error().detail;
    return close(hop_down());
}

bool Delivery::State::reconnect() {
    reused_ = false;
    connection_.reset();
    auto lease = hop_.take_new();
    if (!lease) {
        lost_detail_ = lease.error().detail;
        return false;
    }
    connection_ = std::move(std::move(lease).value().connection);
    if (const auto refusal = refusal_by_offer()) {
        mail_said_ = false;
        abandon();
        refusal_ = *refusal;
        return false;
    }
    return true;
}

Outcome<PeerReply, Lost> Delivery::State::say_mail_and_recipient(const Recipient& recipient) {
    smtp::ClientSession& session = connection_->session();
    const smtp::MailCommand mail{.reverse_path = mail::path_text(envelope_.reverse_path),
                                 .size = envelope_.size,
                                 .eight_bit = envelope_.eight_bit,
                                 .smtputf8 = envelope_.smtputf8,
                                 .dsn_return = envelope_.dsn_return,
                                 .dsn_envelope = envelope_.dsn_envelope};
    ++connection_->messages;
    if (!session.mail(mail)) {
        mail_said_ = false;
        return close(kBadSender);
    }
    const smtp::RecipientCommand first{.forward_path = recipient.forward_path.text(),
                                       .dsn_notify = recipient.dsn_notify,
                                       .dsn_original = recipient.dsn_original};
    const bool together = session.extensions().pipelining;
    const bool sendable = !together || session.recipient(first);
    auto mail_reply = connection_->answer(reply_deadline());
    if (!mail_reply) return mail_reply;
    mail_answered_ = true;
    if (!together) {
        return mail_reply->positive() ? say_recipient(recipient)
                                      : Outcome<PeerReply, Lost>(close(*mail_reply));
    }
    if (!sendable) return mail_reply->positive() ? kBadRecipient : close(*mail_reply);
    auto reply = connection_->answer(reply_deadline());
    if (!reply) return reply;
    if (!mail_reply->positive()) return close(*mail_reply);
    accepted_ = session.accepted_recipients();
    return *reply;
}

Outcome<PeerReply, Lost> Delivery::State::say_recipient(const Recipient& recipient) {
    smtp::ClientSession& session = connection_->session();
    if (!session.recipient({.forward_path = recipient.forward_path.text(),
                            .dsn_notify = recipient.dsn_notify,
                            .dsn_original = recipient.dsn_original})) {
        return kBadRecipient;
    }
    auto reply = connection_->answer(reply_deadline());
    accepted_ = session.accepted_recipients();
    return reply;
}

std::optional<PeerReply> Delivery::State::refusal_by_content(const MessageSource& source) const {
    const smtp::PeerExtensions& offer = connection_->session().extensions();
    const Survey seen = survey(source);
    if (!seen.readable) return kUnreadable;
    if (seen.bare_line_end) return kBareLineEnd;
    if (seen.eight_bit && !offer.eight_bit_mime) return kNoEightBit;
    if (offer.size_limit != 0 && source.prefix.size() + source.size > offer.size_limit) {
        return kTooBig;
    }
    return std::nullopt;
}

Sent Delivery::State::send(const MessageSource& source) {
    if (accepted_ == 0) return {};
    if (!connection_) return all(Certainty::NotSent, refusal_, lost_detail_);
    if (const auto refusal = refusal_by_content(source)) {
        abandon();
        return all(Certainty::NotSent, *refusal, "not asked: " + refusal->text);
    }
    Sent sent;
    if (const auto lost = transmit(source, sent)) {
        close(hop_down());
        return all(Certainty::NotSent, hop_down(), lost->detail);
    }
    if (sent.certainty == Certainty::NotSent) collect(sent);
    return sent;
}

/// DATA and the message up to the final dot. `sent` is filled when the next hop refuses DATA.
std::optional<Lost> Delivery::State::transmit(const MessageSource& source, Sent& sent) {
    smtp::ClientSession& session = connection_->session();
    session.data();
    const auto go = connection_->answer(reply_deadline());
    if (!go) return go.error();
    if (go->code != 354) {
        sent = all(Certainty::Answered, passed_on(*go));
        abandon();
        return std::nullopt;
    }
    std::optional<Lost> lost;
    const bool whole = for_each_piece(source, [&](std::string_view piece) {
        session.message(piece);
        const auto flushed = connection_->flush(Clock::now() + hop_.settings().data_timeout);
        if (!flushed) lost = flushed.error();
        return !lost;
    });
    // Without the final dot the next hop drops what it has when the connection closes.
    if (!whole && !lost) lost = Lost{.detail = "the message could not be read to its end"};
    return lost;
}

/// The final dot, and the answer that decides who has the message.
void Delivery::State::collect(Sent& sent) {
    smtp::ClientSession& session = connection_->session();
    session.end_message();
    const Clock::time_point deadline = Clock::now() + hop_.settings().final_timeout;
    sent.certainty = Certainty::Answered;
    for (std::size_t owed = session.unanswered(); owed > 0; --owed) {
        auto reply = connection_->answer(deadline);
        if (!reply) {
            sent.certainty = Certainty::Unknown;
            sent.detail = "after the final dot: " + reply.error().detail;
            sent.replies.resize(accepted_, hop_down());
            close(hop_down());
            return;
        }
        sent.replies.push_back(passed_on(*reply));
    }
    sent.replies.resize(accepted_, sent.replies.back());  // SMTP: one answer for all
    hop_.give_back(std::move(connection_));
}

Sent Delivery::State::all(Certainty certainty, const PeerReply& reply, std::string detail) const {
    return {.certainty = certainty,
            .replies = std::vector<PeerReply>(accepted_, reply),
            .detail = std::move(detail)};
}

void Delivery::State::abandon() {
    if (!connection_) return;
    std::unique_ptr<Connection> connection = std::move(connection_);
    if (!mail_said_ || connection->reset_at_once()) hop_.give_back(std::move(connection));
}

/// Ends the transaction; `reply` is the answer to all later calls.
PeerReply Delivery::State::close(const PeerReply& reply) {
    refusal_ = reply;
    abandon();
    return reply;
}

Delivery::Delivery(std::unique_ptr<State> state) : state_(std::move(state)) {}
Delivery::~Delivery() {
    if (state_) state_->abandon();
}
Delivery::Delivery(Delivery&&) noexcept = default;
Delivery& Delivery::operator=(Delivery&& other) noexcept {
    if (this != &other) {
        if (state_) state_->abandon();
        state_ = std::move(other.state_);
    }
    return *this;
}

PeerReply Delivery::recipient(const Recipient& recipient) {
    return state_->recipient(recipient);
}

std::size_t Delivery::accepted() const {
    return state_->accepted();
}

Sent Delivery::send(std::string_view prefix, int message, std::uint64_t size) {
    return state_->send({.prefix = prefix, .file = message, .size = size});
}

void Delivery::abandon() {
    state_->abandon();
}

}  // namespace postern::relay
