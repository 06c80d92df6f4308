#pragma once

#include <memory>

#include "gateway/mail/address.hpp"
#include "gateway/net/dialogue.hpp"
#include "gateway/transaction/mail.hpp"
#include "gateway/transaction/services.hpp"

namespace postern::transaction {

/// Answers one client: quick things on its reactor, everything that waits on a decision thread.
class MailDialogue final : public net::Dialogue {
public:
    MailDialogue(const Services& services, const net::ClientFacts& client);

    void on_event(smtp::Event event, net::Answer done) override;
    net::Flow on_data(std::string_view chunk, const net::Resume& resume) override;
    void on_tls(const net::TlsFacts& facts) override;
    void on_close() override;

private:
    void greet(const smtp::Helo& helo);
    void begin(const smtp::MailFrom& from);
    void ask_next_hop(const smtp::RcptTo& to, const net::Answer& done);
    void receive(const net::Answer& done);
    void complete(const net::Answer& done);
    void abandon();

    const Services& services_;
    ClientSide client_;
    /// Also held by the job that works on it; the session sends no event meanwhile.
    std::shared_ptr<Mail> mail_;
};

}  // namespace postern::transaction
