#include "gateway/relay/leg.hpp"

#include <algorithm>
#include <utility>

#include "gateway/relay/replies.hpp"

namespace postern::relay {

using smtp::PeerReply;

Clock::time_point Leg::reply_deadline() const {
    return std::min(itinerary_.limit(), Clock::now() + hop_->settings().reply_timeout);
}

PeerReply Leg::recipient(const Recipient& recipient) {
    if (over_) return refusal_;
    problem_.clear();
    for (;;) {
        if (!connection_ && !advance()) return refusal_;
        const Spoken spoken = speak(recipient);
        if (!spoken) {
            lose(spoken.error());
        } else if (over_) {
            return refusal_;
        } else if (*spoken) {
            if ((*spoken)->positive()) taken_.push_back({recipient});
            return **spoken;
        }
    }
}

/// The next connection on which the transaction may begin. False: there is none, all is over.
bool Leg::advance() {
    Hop* const before = hop_;
    while (auto lease = itinerary_.next()) {
        hop_ = lease->hop;
        connection_ = std::move(lease->connection);
        reused_ = lease->reused;
        mail_said_ = mail_answered_ = false;
        if (before != nullptr && before != hop_) before->count_replaced();
        const auto refusal = refusal_by_offer();
        if (!refusal) return true;
        hold(*refusal, hop_->name() + " does not offer it");
    }
    // What a server said is worth more than that another is down; but a permanent answer must not
    // come from a reserve that knows less.
    if (held_ && (held_->temporary() || !itinerary_.met_failure())) {
        close(*held_, held_why_);
    } else {
        close(kHopDown, itinerary_.problem());
    }
    return false;
}

std::optional<PeerReply> Leg::refusal_by_offer() const {
    const smtp::PeerExtensions& offer = connection_->session().extensions();
    if (envelope_.smtputf8 && !offer.smtputf8) return kNoSmtpUtf8;
    if (offer.size_limit != 0 && envelope_.size > offer.size_limit) return kTooBig;
    return std::nullopt;
}

Leg::Spoken Leg::speak(const Recipient& recipient) {
    if (mail_said_) return say_recipient(recipient);
    if (taken_.empty()) return say_mail(recipient);
    const auto ready = replay();
    if (!ready) return Failure{ready.error()};
    if (!*ready) return std::optional<PeerReply>();
    return say_recipient(recipient);
}

/// What the servers before have accepted. False: the server is given up, or all is over.
Outcome<bool, Lost> Leg::replay() {
    if (mail_said_) return true;
    for (Taken& each : taken_) {
        const Spoken spoken = mail_said_ ? say_recipient(each.recipient) : say_mail(each.recipient);
        if (!spoken) return Failure{spoken.error()};
        if (!*spoken) return false;
        each.refused.reset();
        // The client has heard 250 for it: what this server says goes into the last answer.
        if (!(*spoken)->positive()) each.refused = **spoken;
    }
    return true;
}

/// MAIL, and the first recipient in one go where that is offered.
Leg::Spoken Leg::say_mail(const Recipient& first) {
    const smtp::MailCommand mail{.reverse_path = mail::path_text(envelope_.reverse_path),
                                 .size = envelope_.size,
                                 .eight_bit = envelope_.eight_bit,
                                 .smtputf8 = envelope_.smtputf8,
                                 .dsn_return = envelope_.dsn_return,
                                 .dsn_envelope = envelope_.dsn_envelope};
    if (!session().mail(mail)) {
        close(kBadSender, "the reverse-path cannot be sent");
        return std::optional<PeerReply>();
    }
    mail_said_ = true;
    ++connection_->messages;
    const smtp::RecipientCommand command{.forward_path = first.forward_path.text(),
                                         .dsn_notify = first.dsn_notify,
                                         .dsn_original = first.dsn_original};
    const bool together = session().extensions().pipelining;
    const bool sendable = !together || session().recipient(command);
    const auto mail_reply = connection_->answer(reply_deadline());
    if (!mail_reply) return Failure{mail_reply.error()};
    mail_answered_ = true;
    hop_->worked();
    if (!together && mail_reply->positive()) return say_recipient(first);
    std::optional<PeerReply> reply;
    if (!sendable) {
        problem_ = "the forward-path cannot be sent";
        reply = kBadRecipient;
    } else if (together) {
        const auto answered = connection_->answer(reply_deadline());
        if (!answered) return Failure{answered.error()};
        reply = *answered;
    }
    if (mail_reply->positive()) return reply;
    sender_refused(*mail_reply);
    return std::optional<PeerReply>();
}

/// For a moment, or behind recipients that the client believes accepted: another server may know
/// better. Else it is the answer.
void Leg::sender_refused(const PeerReply& reply) {
    if (reply.temporary() || !taken_.empty()) return hold(reply, "");
    close(reply, "");
}

Leg::Spoken Leg::say_recipient(const Recipient& recipient) {
    if (!session().recipient({.forward_path = recipient.forward_path.text(),
                              .dsn_notify = recipient.dsn_notify,
                              .dsn_original = recipient.dsn_original})) {
        problem_ = "the forward-path cannot be sent";
        return std::optional<PeerReply>(kBadRecipient);
    }
    const auto reply = connection_->answer(reply_deadline());
    if (!reply) return Failure{reply.error()};
    return std::optional<PeerReply>(*reply);
}

void Leg::hold(const PeerReply& reply, const std::string& why) {
    if (!held_) {
        held_ = reply;
        held_why_ = why;
    }
    leave_server();
    itinerary_.skip_server();
}

void Leg::lose(const Lost& lost) {
    const bool first_word = !mail_answered_;
    if (reused_ && first_word) hop_->count_retry();
    // A kept connection grows old, and one in mid-transaction may be lost for any reason.
    itinerary_.give_up(hop_->name() + ": " + lost.detail, !reused_ && first_word);
    connection_.reset();
}

void Leg::leave_server() {
    if (!connection_) return;
    std::unique_ptr<Connection> connection = std::move(connection_);
    if (!mail_said_ || connection->reset_at_once()) hop_->give_back(std::move(connection));
}

/// Ends the transaction; `reply` is the answer to all later calls.
void Leg::close(const PeerReply& reply, const std::string& why) {
    refusal_ = reply;
    problem_ = why;
    over_ = true;
    leave_server();
}

void Leg::abandon() {
    if (!over_) close(kHopDown, "given up");
}

Sent Leg::send(const MessageSource& source, const Survey& seen) {
    if (taken_.empty()) return {};
    for (;;) {
        if (over_ || (!connection_ && !advance())) {
            return all(Certainty::NotSent, refusal_, problem_);
        }
        const auto ready = replay();
        if (!ready) {
            lose(ready.error());
            continue;
        }
        if (!*ready) continue;
        if (session().accepted_recipients() == 0) {  // whoever took over wants none of them
            leave_server();
            return all(Certainty::Answered, kHopDown);
        }
        if (const auto refusal = refusal_by_content(source, seen)) {
            leave_server();
            return all(Certainty::NotSent, *refusal, "not asked: " + refusal->text);
        }
        if (auto sent = transmit(source)) return std::move(*sent);
    }
}

std::optional<PeerReply> Leg::refusal_by_content(const MessageSource& source,
                                                 const Survey& seen) const {
    const smtp::PeerExtensions& offer = connection_->session().extensions();
    if (seen.bare_line_end) return kBareLineEnd;
    if (seen.eight_bit && !offer.eight_bit_mime) return kNoEightBit;
    if (offer.size_limit != 0 && source.prefix.size() + source.size > offer.size_limit) {
        return kTooBig;
    }
    return std::nullopt;
}

/// DATA, the message and its end. nullopt: the connection was lost before the final dot, so that
/// nobody has the message, and another server may get it.
std::optional<Sent> Leg::transmit(const MessageSource& source) {
    session().data();
    const auto go = connection_->answer(reply_deadline());
    if (!go) {
        lose(go.error());
        return std::nullopt;
    }
    if (go->code != 354) {
        leave_server();
        return all(Certainty::Answered, passed_on(*go));
    }
    std::optional<Lost> lost;
    const bool whole = for_each_piece(source, [&](std::string_view piece) {
        session().message(piece);
        const auto flushed = connection_->flush(Clock::now() + hop_->settings().data_timeout);
        if (!flushed) lost = flushed.error();
        return !lost;
    });
    if (lost) {
        lose(*lost);
        return std::nullopt;
    }
    if (!whole) {
        // Without the final dot the server drops what it has when the connection closes.
        connection_.reset();
        return all(Certainty::NotSent, kUnreadable, "the message could not be read to its end");
    }
    return collect();
}

/// The final dot, and the answer that decides who has the message.
Sent Leg::collect() {
    const std::size_t accepted = session().accepted_recipients();
    session().end_message();
    const Clock::time_point deadline = Clock::now() + hop_->settings().final_timeout;
    Sent sent{.certainty = Certainty::Answered};
    for (std::size_t owed = session().unanswered(); owed > 0; --owed) {
        const auto reply = connection_->answer(deadline);
        if (!reply) {
            sent.certainty = Certainty::Unknown;
            sent.detail = hop_->name() + ": after the final dot: " + reply.error().detail;
            sent.replies.resize(accepted, kHopDown);
            sent.replies = with_refused(sent.replies);
            connection_.reset();
            return sent;
        }
        sent.replies.push_back(passed_on(*reply));
    }
    sent.replies.resize(accepted, sent.replies.back());  // SMTP: one answer for all
    sent.replies = with_refused(sent.replies);
    hop_->count_message();
    hop_->give_back(std::move(connection_));
    return sent;
}

Sent Leg::all(Certainty certainty, const PeerReply& reply, std::string detail) const {
    return {.certainty = certainty,
            .replies = with_refused(std::vector<PeerReply>(taken_.size(), reply)),
            .detail = std::move(detail)};
}

/// One reply for each that was taken: the server's words for those it refused, else the next of
/// `replies`.
std::vector<PeerReply> Leg::with_refused(const std::vector<PeerReply>& replies) const {
    std::vector<PeerReply> merged;
    auto next = replies.begin();
    for (const Taken& each : taken_) merged.push_back(each.refused ? *each.refused : *next++);
    return merged;
}

}  // namespace postern::relay
