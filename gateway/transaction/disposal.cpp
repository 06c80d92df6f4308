#include "gateway/transaction/disposal.hpp"

#include <algorithm>
#include <ctime>

#include "gateway/transaction/authenticate.hpp"
#include "gateway/transaction/held_record.hpp"
#include "gateway/transaction/sign.hpp"
#include "gateway/transaction/trace_fields.hpp"
#include "gateway/verdict/replies.hpp"

namespace postern::transaction {
namespace {

using verdict::Action;

smtp::Reply to_reply(const verdict::ReplyWords& words) {
    return {words.code, words.enhanced, words.text};
}

smtp::Reply no_answer(const Mail& mail) {
    return own_reply(mail, 451, "4.4.1", "The next hop does not answer, try again later");
}

}  // namespace

Disposal::Indexes Disposal::with(Action action) const {
    Indexes chosen;
    for (std::size_t i = 0; i < mail_.recipients.size(); ++i) {
        if (course_.verdict->recipients[i].action == action) chosen.push_back(i);
    }
    return chosen;
}

Disposal::Indexes Disposal::wanted() const {
    Indexes chosen = with(Action::Deliver);
    const Indexes tagged = with(Action::Tag);
    chosen.insert(chosen.end(), tagged.begin(), tagged.end());
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

smtp::Reply Disposal::accepted() const {
    return to_reply(
        verdict::reply_for(Action::Deliver, course_.verdict->worst.mail_class, mail_.id.text()));
}

void Disposal::say(const Indexes& to, const smtp::Reply& reply) {
    for (const std::size_t i : to) replies_[i] = reply;
}

void Disposal::refuse(Action action) {
    for (const std::size_t i : with(action)) {
        const auto mail_class = course_.verdict->recipients[i].judgement.mail_class;
        replies_[i] = to_reply(verdict::reply_for(action, mail_class, mail_.id.text()));
    }
}

smtp::Reply Disposal::carry_out() {
    replies_.assign(mail_.recipients.size(), accepted());
    refuse(Action::Reject);
    refuse(Action::Defer);
    hold_all(with(Action::Quarantine));
    deliver(wanted());
    return summary();
}

/// One reply for all: where something failed that the client should try again, it is that; a copy
/// that is safe already is then sent or held twice, and never lost.
smtp::Reply Disposal::summary() const {
    const auto first = [this](auto condition) {
        return std::find_if(replies_.begin(), replies_.end(), condition);
    };
    const auto deferred = first([](const smtp::Reply& each) { return each.code / 100 == 4; });
    const auto positive = first([](const smtp::Reply& each) { return each.positive(); });
    if (!mail_.per_recipient) {
        if (deferred != replies_.end()) return *deferred;
        return positive != replies_.end() ? *positive : replies_.front();
    }
    smtp::Reply reply = positive != replies_.end()   ? *positive
                        : deferred != replies_.end() ? *deferred
                                                     : replies_.front();
    reply.recipients = replies_;
    return reply;
}

void Disposal::hold_all(const Indexes& held) {
    if (held.empty()) return;
    std::vector<std::string> paths;
    for (const std::size_t i : held) paths.push_back(mail_.recipients[i].forward_path.text());
    if (const auto problem = hold(paths, {})) say(held, *problem);
}

/// Stores the message for `paths`; `owed` of them are put into the outbox at once. nullopt: it is
/// safe on the disk.
std::optional<smtp::Reply> Disposal::hold(const std::vector<std::string>& paths,
                                          std::vector<std::string> owed) {
    const auto begun = Clock::now();
    const verdict::EnvelopeFacts envelope = envelope_facts(mail_);
    const std::string scan = verdict::scan_json(
        {mail_.id.text(), "", envelope, &mail_.facts.message->auth, *course_.report,
         *course_.verdict, words_of(accepted()), course_.timing()});
    const auto kept =
        services_.store.put(held_record(mail_, *course_.report, *course_.verdict, paths, scan),
                            mail_.message->file.get());
    services_.metrics.stage_seconds.with({"quarantine"}).observe(seconds_since(begun));
    if (!kept) {
        warn(mail_, "quarantine",
             std::string(name(kept.error().kind)) + ": " + kept.error().detail);
        return kept.error().kind == quarantine::StoreErrorKind::Full
                   ? own_reply(mail_, 452, "4.3.1", "No room for this message now, try again later")
                   : own_reply(mail_, 451, "4.3.0", "Message cannot be kept now, try again later");
    }
    if (owed.empty()) return std::nullopt;
    const auto queued =
        services_.store.request_release(mail_.id, owed, {"gateway", ""}, /*confirm=*/true);
    if (!queued) warn(mail_, "outbox", queued.error().detail);  // it stays held: a reviewer sees it
    return std::nullopt;
}

/// The transaction at the next hop names all recipients; when some are not to have the message, a
/// new one is begun. Recipients it does not take this time are left out of `to`.
bool Disposal::begin_again(Indexes& to) {
    mail_.delivery.reset();
    auto begun = services_.next_hop.begin(mail_.envelope);
    if (!begun) return false;
    mail_.delivery.emplace(std::move(begun).value());
    Indexes taken;
    for (const std::size_t i : to) {
        const smtp::PeerReply said = mail_.delivery->recipient(mail_.recipients[i]);
        if (said.positive()) {
            taken.push_back(i);
        } else {
            replies_[i] = traced({said.code, said.enhanced, said.text}, mail_.id.text());
        }
    }
    const bool all = taken.size() == to.size();
    to = std::move(taken);
    return all || mail_.per_recipient;
}

std::string Disposal::trace(const Indexes& to) const {
    TraceFacts facts;
    facts.hostname = services_.settings.smtp.hostname;
    facts.helo = mail_.helo();
    facts.client_ip = mail_.client_ip();
    facts.client_name = mail_.facts.connection.iprev.name;
    facts.id = mail_.id.text();
    facts.tls = mail_.tls_facts;
    facts.esmtp = mail_.facts.helo->extended;
    facts.smtputf8 = mail_.envelope.smtputf8;
    facts.time = std::time(nullptr);
    if (mail_.recipients.size() == 1) {
        facts.forward_path = mail_.recipients.front().forward_path.text();
    }
    const bool tagged = std::any_of(to.begin(), to.end(), [this](std::size_t i) {
        return course_.verdict->recipients[i].action == Action::Tag;
    });
    const std::string fields =
        verdict_field(course_.verdict->worst, tagged ? Action::Tag : Action::Deliver, facts.id) +
        results_fields(mail_) + received_field(facts);
    return signature_fields(mail_, fields) + fields;
}

void Disposal::deliver(const Indexes& to) {
    if (to.empty()) return;
    Indexes going = to;
    if (going.size() != mail_.recipients.size() && !begin_again(going)) {
        return say(to, no_answer(mail_));
    }
    if (going.empty()) return;
    const auto begun = Clock::now();
    const relay::Sent sent =
        mail_.delivery->send(trace(going), mail_.message->file.get(), mail_.message->size);
    services_.metrics.stage_seconds.with({"relay"}).observe(seconds_since(begun));
    if (!sent.detail.empty()) warn(mail_, "next_hop", sent.detail);
    hear(going, sent);
}

void Disposal::hear(const Indexes& to, const relay::Sent& sent) {
    if (sent.replies.size() != to.size()) {
        return say(
            to, own_reply(mail_, 451, "4.4.1", "The next hop lost a recipient, try again later"));
    }
    Indexes refused;
    for (std::size_t i = 0; i < to.size(); ++i) {
        const smtp::PeerReply& said = sent.replies[i];
        if (said.positive()) continue;
        refused.push_back(i);
        replies_[to[i]] = traced({said.code, said.enhanced, said.text}, mail_.id.text());
    }
    const bool some = !refused.empty() && refused.size() != to.size();
    const bool held = to.size() != mail_.recipients.size();
    if (mail_.per_recipient || refused.empty() || (!some && !held)) return;
    Indexes rest;
    for (const std::size_t i : refused) rest.push_back(to[i]);
    std::vector<smtp::PeerReply> words;
    for (const std::size_t i : refused) words.push_back(sent.replies[i]);
    keep_the_rest(rest, words);
}

/// Some have it, some do not, and the client hears one reply: what the next hop did not take is
/// kept here, tried again where it said 4xx, held for a person where it said 5xx.
void Disposal::keep_the_rest(const Indexes& refused, const std::vector<smtp::PeerReply>& replies) {
    std::vector<std::string> paths;
    std::vector<std::string> owed;
    for (std::size_t i = 0; i < refused.size(); ++i) {
        paths.push_back(mail_.recipients[refused[i]].forward_path.text());
        if (replies[i].temporary()) owed.push_back(paths.back());
        warn(mail_, "next_hop_refused_one", paths.back() + ": " + replies[i].words());
    }
    // A copy for other recipients may be held already under this id.
    const quarantine::QuarantineId taken = mail_.id;
    if (!with(Action::Quarantine).empty()) mail_.id = quarantine::QuarantineId::make();
    const auto problem = hold(paths, owed);
    mail_.id = taken;
    say(refused, problem ? *problem : accepted());
}

}  // namespace postern::transaction
