#include "gateway/transaction/dialogue.hpp"

#include <utility>

#include "gateway/transaction/message_job.hpp"
#include "gateway/transaction/message_line.hpp"
#include "gateway/transaction/recipient_job.hpp"

namespace postern::transaction {
namespace {

using checks::Stage;

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace

/// A HELO that is being checked: only a positive answer makes it the client's name.
struct MailDialogue::Attempt {
    checks::Facts facts;
    smtp::Reply usual;
    net::Answer done;
    checks::Heard heard = {};
};

MailDialogue::MailDialogue(const Services& services, const net::ClientFacts& client,
                           net::Timer& timer)
    : services_(services),
      timer_(timer),
      post_(timer.post()),
      visit_(std::make_shared<Visit>(services, client)) {}

void MailDialogue::on_event(smtp::Event event, net::Answer done) {
    const auto usual = [&](const auto& known) {
        done(smtp::usual_reply(known, services_.settings.smtp.hostname));
    };
    std::visit(Overloaded{[&](const smtp::Connected&) {
                              screening_ = std::make_unique<Screening>(visit_, timer_, done);
                              screening_->start();
                          },
                          [&](const smtp::Helo& known) { greet(known, done); },
                          [&](const smtp::MailFrom& known) { begin(known, done); },
                          [&](const smtp::RcptTo& known) { name_recipient(known, done); },
                          [&](const smtp::DataRequested&) { receive(done); },
                          [&](const smtp::DataComplete&) { complete(done); },
                          [&](const smtp::DataRefused& known) { refuse_data(known, done); },
                          [&](const smtp::Reset& known) {
                              abandon();
                              usual(known);
                          },
                          [&](const smtp::Quit& known) {
                              abandon();
                              visit_->quit = true;
                              usual(known);
                          }},
               event);
}

/// Every reply of ours goes through here: what is negative is remembered for the log line.
void MailDialogue::answer(const smtp::Reply& reply, std::string_view refused_by,
                          const net::Answer& done) {
    visit_->last_code = reply.code;
    if (!reply.positive()) {
        visit_->refused_by = std::string(refused_by);
        visit_->refusal = words_of(reply);
        ++visit_->refusals;
    }
    done(reply);
}

void MailDialogue::too_busy(const net::Answer& done) {
    answer(traced({421, "4.3.2", "Too busy now, try again later"}, visit_->id), "overload", done);
}

void MailDialogue::on_early_talk(std::string_view /*first_bytes*/) {
    if (screening_) screening_->early_talk();
}

void MailDialogue::greet(const smtp::Helo& helo, const net::Answer& done) {
    abandon();
    auto attempt = std::make_shared<Attempt>(
        Attempt{visit_->facts, smtp::usual_reply(helo, services_.settings.smtp.hostname), done});
    attempt->facts.helo = {helo.argument, helo.extended, tls_words(visit_->tls)};
    // The name that the client said counts, not that of the proxy which repeats it or does not.
    const auto& introduced = visit_->client.introduced;
    if (introduced && introduced->helo.state == smtp::IntroducedText::State::Said) {
        attempt->facts.helo->argument = introduced->helo.text;
    }
    examine_at_once(services_, Stage::Helo, attempt->facts, visit_->inquiry, attempt->heard);
    if (attempt->heard.refusal || !needs_thread(services_, Stage::Helo, attempt->facts)) {
        return end_greet(attempt);
    }
    const auto job = [visit = visit_, attempt, post = post_, this] {
        examine_waiting(visit->services, Stage::Helo, attempt->facts, visit->inquiry,
                        attempt->heard);
        post([this, attempt] { end_greet(attempt); });
    };
    if (!services_.pool.submit(job)) too_busy(done);
}

void MailDialogue::end_greet(const std::shared_ptr<Attempt>& attempt) {
    if (attempt->heard.refusal) {
        return answer(traced(*attempt->heard.refusal, visit_->id), attempt->heard.refused_by,
                      attempt->done);
    }
    visit_->facts.helo = std::move(attempt->facts.helo);
    visit_->at_helo = std::move(attempt->heard);
    visit_->stage = "helo";
    answer(attempt->usual, {}, attempt->done);
}

void MailDialogue::begin(const smtp::MailFrom& from, const net::Answer& done) {
    abandon();
    relay::Envelope envelope;
    envelope.reverse_path = from.path;
    envelope.size = from.size.value_or(0);
    envelope.eight_bit = from.body == smtp::Body::EightBitMime;
    envelope.smtputf8 = from.smtputf8;
    envelope.dsn_return = from.dsn_return;
    envelope.dsn_envelope = from.dsn_envelope;
    // Without HELO the session asks for one first; RFC 5321 lets it be left out by configuration.
    if (!visit_->facts.helo) visit_->facts.helo = {{}, false, tls_words(visit_->tls)};
    auto mail = std::make_shared<Mail>(visit_, envelope);
    mail->per_recipient = from.prdr;
    mail_ = mail;
    visit_->stage = "mail";
    count_errors(visit_);
    examine_at_once(services_, Stage::Sender, mail->facts, mail->inquiry, mail->heard);
    if (mail->heard.refusal || !needs_thread(services_, Stage::Sender, mail->facts)) {
        return end_begin(done);
    }
    const auto job = [mail, post = post_, this, done] {
        examine_waiting(mail->visit->services, Stage::Sender, mail->facts, mail->inquiry,
                        mail->heard);
        post([this, done] {
            lent_ = false;
            end_begin(done);
        });
    };
    lend(job, done);
}

void MailDialogue::end_begin(const net::Answer& done) {
    if (!mail_->heard.refusal) {
        return answer(smtp::usual_reply(smtp::MailFrom{}, services_.settings.smtp.hostname), {},
                      done);
    }
    const smtp::Reply reply = traced(*mail_->heard.refusal, mail_->id.text());
    const std::string check(mail_->heard.refused_by);
    log_refusal(*mail_, "sender_refused", {}, check, reply);
    mail_.reset();
    answer(reply, check, done);
}

void MailDialogue::name_recipient(const smtp::RcptTo& to, const net::Answer& done) {
    visit_->stage = "rcpt";
    if (auto said = recipient_at_once(*mail_, to)) {
        return end_recipient(said->reply, false, said->refused_by, done);
    }
    const auto job = [mail = mail_, to, done, post = post_, this] {
        auto said = std::make_shared<RecipientAnswer>(recipient_job(*mail, to));
        post([this, said, done] {
            lent_ = false;
            end_recipient(said->reply, said->accepted, said->refused_by, done);
        });
    };
    lend(job, done);
}

/// For a job that works on the mail and comes back.
void MailDialogue::lend(const std::function<void()>& job, const net::Answer& done) {
    lent_ = services_.pool.submit(job);
    if (!lent_) too_busy(done);
}

void MailDialogue::end_recipient(const smtp::Reply& reply, bool accepted,
                                 const std::string& refused_by, const net::Answer& done) {
    if (accepted) ++visit_->recipients;
    answer(reply, refused_by, done);
}

void MailDialogue::receive(const net::Answer& done) {
    visit_->stage = "data";
    mail_->receive();
    answer(smtp::usual_reply(smtp::DataRequested{}, services_.settings.smtp.hostname), {}, done);
}

net::Flow MailDialogue::on_data(std::string_view chunk, const net::Resume& resume) {
    using Next = spool::Incoming::Next;
    if (mail_->incoming->append(chunk) == Next::Continue) return net::Flow::Continue;
    const bool taken = services_.pool.submit_unbounded([mail = mail_, resume] {
        (void)mail->incoming->flush();  // an error is kept, and told when the message is sealed
        resume();
    });
    return taken ? net::Flow::Pause : net::Flow::Continue;
}

void MailDialogue::complete(const net::Answer& done) {
    auto mail = std::exchange(mail_, nullptr);
    ++visit_->messages;
    // The reply is given by the job itself: the client may leave while it waits, and what becomes
    // of the message does not depend on it.
    const auto job = [mail, done, post = post_, this] {
        const smtp::Reply reply = decide_and_act(*mail);
        post([this, reply] {
            if (reply.positive()) return;
            visit_->refusal = words_of(reply);
            ++visit_->refusals;
        });
        done(reply);
    };
    if (!services_.pool.submit(job)) {
        mail_ = std::move(mail);
        abandon();
        too_busy(done);
    }
}

void MailDialogue::refuse_data(const smtp::DataRefused& refused, const net::Answer& done) {
    const smtp::Reply reply = traced(refused.reply, mail_->id.text());
    log_refused_data(*mail_, refused.defect, reply);
    abandon();
    answer(reply, "data", done);
}

/// The next hop's transaction is given up where it may block, as a spool file is: on a decision
/// thread. A job that still works on the message keeps it until it has ended.
void MailDialogue::abandon() {
    auto mail = std::exchange(mail_, nullptr);
    if (!mail || (!lent_ && !mail->delivery && !mail->incoming)) return;
    (void)services_.pool.submit_unbounded([mail = std::move(mail)]() mutable { mail.reset(); });
}

void MailDialogue::on_tls(const net::TlsFacts& facts) {
    abandon();
    visit_->facts.helo.reset();
    visit_->at_helo = {};
    visit_->tls = facts;
}

/// What the session refuses by itself is an error too. Not the answers to the connection and to a
/// message: these are verdicts.
void MailDialogue::on_refusal(smtp::Stage stage, int code) noexcept {
    if (code < 500 || stage == smtp::Stage::Connect || stage == smtp::Stage::Message) return;
    ++visit_->errors;
}

void MailDialogue::on_close(net::Ending why) {
    abandon();
    count_errors(visit_);
    log_connection(*visit_, why);
}

}  // namespace postern::transaction
