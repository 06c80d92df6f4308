#pragma once

#include <functional>
#include <memory>

#include "gateway/mail/address.hpp"
#include "gateway/net/dialogue.hpp"
#include "gateway/transaction/mail.hpp"
#include "gateway/transaction/screening.hpp"
#include "gateway/transaction/services.hpp"

namespace postern::transaction {

/// Answers one client: quick things on its reactor, everything that waits on a decision thread.
/// What a job finds out comes back to the reactor before it is used, so the visit needs no lock.
class MailDialogue final : public net::Dialogue {
public:
    MailDialogue(const Services& services, const net::ClientFacts& client, net::Timer& timer);

    void on_event(smtp::Event event, net::Answer done) override;
    net::Flow on_data(std::string_view chunk, const net::Resume& resume) override;
    void on_early_talk(std::string_view first_bytes) override;
    void on_tls(const net::TlsFacts& facts) override;
    void on_refusal(smtp::Stage stage, int code) noexcept override;
    [[nodiscard]] std::string_view trace_id() const override { return visit_->id; }
    void on_close(net::Ending why) override;

private:
    struct Attempt;

    void greet(const smtp::Helo& helo, const net::Answer& done);
    void end_greet(const std::shared_ptr<Attempt>& attempt);
    void begin(const smtp::MailFrom& from, const net::Answer& done);
    void end_begin(const net::Answer& done);
    void name_recipient(const smtp::RcptTo& to, const net::Answer& done);
    void end_recipient(const smtp::Reply& reply, bool accepted, const std::string& refused_by,
                       const net::Answer& done);
    void receive(const net::Answer& done);
    void complete(const net::Answer& done);
    void refuse_data(const smtp::DataRefused& refused, const net::Answer& done);
    void lend(const std::function<void()>& job, const net::Answer& done);
    void abandon();
    void answer(const smtp::Reply& reply, std::string_view refused_by, const net::Answer& done);
    void too_busy(const net::Answer& done);

    const Services& services_;
    net::Timer& timer_;
    net::Timer::Post post_;
    std::shared_ptr<Visit> visit_;
    std::unique_ptr<Screening> screening_;  ///< its timers may fire as long as this lives
    /// Also held by the job that works on it; the session sends no event meanwhile.
    std::shared_ptr<Mail> mail_;
    bool lent_ = false;  ///< a job has mail_
};

}  // namespace postern::transaction
