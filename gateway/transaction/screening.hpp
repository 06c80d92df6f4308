#pragma once

#include <chrono>
#include <memory>

#include "gateway/transaction/visit.hpp"

namespace postern::transaction {

/// What happens between accept and banner: local lists and bans first; then a wait in which a
/// client that speaks gives itself away, and in which the questions about its address are answered.
/// No thread waits. Everything runs on the client's reactor; made and dropped by its dialogue.
class Screening {
public:
    /// `visit`, `timer` and the dialogue outlive it. `done` hears the banner or a refusal.
    Screening(std::shared_ptr<Visit> visit, net::Timer& timer, net::Answer done);

    void start();
    /// Bytes came before the banner.
    void early_talk();

private:
    struct Remembered;
    void ask_store();
    void hear_store(Remembered& remembered);
    void wait_over();
    void await_names();
    void judge_names();
    void hear_names(checks::Heard& heard);
    void take(checks::Heard& heard);
    void greet();
    void refuse();
    void remember_pass() const;
    [[nodiscard]] std::chrono::milliseconds wait() const;

    std::shared_ptr<Visit> visit_;
    net::Timer& timer_;
    net::Timer::Post post_;
    net::Answer done_;
    bool answered_ = false;
    bool waited_ = false;   ///< the wait is over, or not needed
    bool sat_out_ = false;  ///< the whole wait, in silence
    bool store_asked_ = false;
    bool store_heard_ = false;
};

}  // namespace postern::transaction
