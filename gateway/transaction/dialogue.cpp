#include "gateway/transaction/dialogue.hpp"

#include <algorithm>
#include <utility>

#include "analyzers/base/ascii.hpp"
#include "gateway/transaction/message_job.hpp"

namespace postern::transaction {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};

const smtp::Reply kBusy{421, "4.3.2", "Too busy now, try again later", {}};

/// <postmaster> is ours wherever we are (RFC 5321 4.5.1).
Outcome<mail::Mailbox, mail::AddressError> mailbox_of(const mail::ForwardPath& path,
                                                      const settings::Settings& settings) {
    if (const auto* mailbox = std::get_if<mail::Mailbox>(&path)) return *mailbox;
    const std::string& domain =
        settings.accept_domains.empty() ? settings.smtp.hostname : settings.accept_domains.front();
    return mail::Mailbox::parse("postmaster@" + domain);
}

bool accepted(const std::vector<std::string>& domains, const mail::Mailbox& mailbox) {
    return std::any_of(domains.begin(), domains.end(), [&](const std::string& domain) {
        return ascii_iequal(domain, mailbox.domain().text());
    });
}

smtp::Reply passed_on(const smtp::PeerReply& reply) {
    return {reply.code, reply.enhanced, reply.text, {}};
}

/// On a decision thread: what the next hop says to this recipient.
smtp::Reply next_hop_answer(Mail& mail, const Services& services, const mail::Mailbox& mailbox) {
    if (!mail.delivery) {
        auto begun = services.next_hop.begin(mail.envelope);
        if (!begun) {
            services.log.line(observe::Level::Warning, "next_hop",
                              {{"id", mail.id.text()}, {"error", begun.error().detail}});
            return passed_on(begun.error().reply);
        }
        mail.delivery.emplace(std::move(begun).value());
    }
    const smtp::PeerReply reply = mail.delivery->recipient({mailbox, {}, {}});
    if (reply.positive()) mail.recipients.push_back(mailbox);
    return passed_on(reply);
}

}  // namespace

MailDialogue::MailDialogue(const Services& services, const net::ClientFacts& client)
    : services_(services) {
    client_.address = client.address.text();
    client_.connection = client.connection;
}

void MailDialogue::on_event(smtp::Event event, net::Answer done) {
    const auto usual = [&](const auto& known) {
        done(smtp::usual_reply(known, services_.settings.smtp.hostname));
    };
    std::visit(Overloaded{[&](const smtp::Connected& known) { usual(known); },
                          [&](const smtp::Helo& known) {
                              greet(known);
                              usual(known);
                          },
                          [&](const smtp::MailFrom& known) {
                              begin(known);
                              usual(known);
                          },
                          [&](const smtp::RcptTo& known) { ask_next_hop(known, done); },
                          [&](const smtp::DataRequested&) { receive(done); },
                          [&](const smtp::DataComplete&) { complete(done); },
                          [&](const smtp::DataRefused& known) {
                              abandon();
                              done(known.reply);
                          },
                          [&](const smtp::Reset& known) {
                              abandon();
                              usual(known);
                          },
                          [&](const smtp::Quit& known) {
                              abandon();
                              usual(known);
                          }},
               event);
}

void MailDialogue::greet(const smtp::Helo& helo) {
    abandon();
    client_.helo = helo.argument;
    client_.extended = helo.extended;
}

void MailDialogue::begin(const smtp::MailFrom& from) {
    abandon();
    mail_ = std::make_shared<Mail>(quarantine::QuarantineId::make());
    mail_->client = client_;
    mail_->envelope.reverse_path = from.path;
    mail_->envelope.size = from.size.value_or(0);
    mail_->envelope.eight_bit = from.body == smtp::Body::EightBitMime;
    mail_->envelope.smtputf8 = from.smtputf8;
}

void MailDialogue::ask_next_hop(const smtp::RcptTo& to, const net::Answer& done) {
    const auto mailbox = mailbox_of(to.path, services_.settings);
    if (!mailbox || !accepted(services_.settings.accept_domains, *mailbox)) {
        done({550,
              "5.7.1",
              "Mail for this domain is not taken here (" + mail_->id.text() + ")",
              {}});
        return;
    }
    const bool taken =
        services_.pool.submit([mail = mail_, &services = services_, mailbox = *mailbox, done] {
            done(next_hop_answer(*mail, services, mailbox));
        });
    if (!taken) done(kBusy);
}

void MailDialogue::receive(const net::Answer& done) {
    mail_->incoming.emplace(services_.spool.open());
    done(smtp::usual_reply(smtp::DataRequested{}, services_.settings.smtp.hostname));
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
    const bool taken = services_.pool.submit(
        [mail, &services = services_, done] { done(decide_and_act(*mail, services)); });
    if (!taken) done(kBusy);
}

/// The next hop's transaction is given up where it may block: on a decision thread.
void MailDialogue::abandon() {
    auto mail = std::exchange(mail_, nullptr);
    if (!mail || !mail->delivery) return;
    (void)services_.pool.submit_unbounded([mail] { mail->delivery.reset(); });
}

void MailDialogue::on_tls(const net::TlsFacts& facts) {
    abandon();
    client_.helo.clear();
    client_.tls = facts.protocol + " " + facts.cipher;
}

void MailDialogue::on_close() {
    abandon();
}

}  // namespace postern::transaction
