#pragma once

#include <string>
#include <vector>

#include "gateway/transaction/course.hpp"

namespace postern::transaction {

/// Carries a verdict out: what is held is stored first, then the rest is delivered. Scanned once,
/// decided per recipient.
class Disposal {
public:
    Disposal(Mail& mail, const Course& course)
        : mail_(mail), course_(course), services_(mail.visit->services) {}

    /// The reply to the message; with one for each recipient where the client asked for that.
    [[nodiscard]] smtp::Reply carry_out();

private:
    using Indexes = std::vector<std::size_t>;

    [[nodiscard]] Indexes with(verdict::Action action) const;
    [[nodiscard]] Indexes wanted() const;
    void refuse(verdict::Action action);
    void hold_all(const Indexes& held);
    void deliver(const Indexes& to);
    void hear(const Indexes& to, const relay::Sent& sent);
    void keep_the_rest(const Indexes& refused, const std::vector<smtp::PeerReply>& replies);
    [[nodiscard]] std::optional<smtp::Reply> hold(const std::vector<std::string>& paths,
                                                  std::vector<std::string> owed);
    [[nodiscard]] bool begin_again(Indexes& to);
    [[nodiscard]] std::string trace(const Indexes& to) const;
    [[nodiscard]] smtp::Reply accepted() const;
    [[nodiscard]] smtp::Reply summary() const;
    void say(const Indexes& to, const smtp::Reply& reply);

    Mail& mail_;
    const Course& course_;
    const Services& services_;
    std::vector<smtp::Reply> replies_;  ///< of each recipient
};

}  // namespace postern::transaction
