#include "gateway/net/connection.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "gateway/net/connection_guard.hpp"
#include "gateway/net/reactor.hpp"

namespace postern::net {
namespace {

constexpr std::size_t kMaxOutput = std::size_t{16} << 10U;  // then the client has to read first
constexpr std::size_t kKeptOutput = 512;  // bytes of buffer that an idle connection may keep

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace

Connection::Connection(Accepted accepted, const Surroundings& surroundings,
                       std::shared_ptr<Inbox> inbox, std::span<char> scratch)
    : surroundings_(surroundings),
      inbox_(std::move(inbox)),
      scratch_(scratch),
      place_(std::move(accepted.place)),
      client_(accepted.client),
      transport_(std::move(accepted.socket)),
      tls_(std::move(accepted.tls)),
      session_(std::move(accepted.session), this),
      proxied_(accepted.proxied) {}

Connection::~Connection() {
    drop_dialogue();
}

void Connection::on_reply(smtp::Stage stage, int code) {
    if (surroundings_.observer.replied) surroundings_.observer.replied(stage, code);
    if (code >= 400 && dialogue_) dialogue_->on_refusal(stage, code);
}

void Connection::on_ready(std::uint32_t epoll_events, TimePoint now) {
    if ((epoll_events & (EPOLLERR | EPOLLHUP)) != 0) {
        finish();
        return;
    }
    if (phase_ == Phase::Lingering) {
        drain_lingering();
        return;
    }
    if (phase_ == Phase::Proxy) {
        read_header(now);
        return;
    }
    if (phase_ == Phase::Handshake || phase_ == Phase::FirstHandshake) {
        handshake(now);
        return;
    }
    if (watches_early_talk() && (epoll_events & EPOLLIN) != 0) {
        look_for_early_talk(now);
        return;
    }
    read_blocked_ = false;
    write_blocked_ = false;
    if (wants_to_read()) (void)read_some(now);
    if (!finished()) work(now);
}

void Connection::on_answer(std::uint64_t ticket, const smtp::Reply& reply, TimePoint now) {
    if (!answer_due_ || ticket != ticket_) return;
    answer_due_ = false;
    since_ = now;
    session_.answer(reply);
    work(now);
}

void Connection::on_resume(std::uint64_t ticket, TimePoint now) {
    if (!paused_ || ticket != ticket_) return;
    paused_ = false;
    since_ = now;
    work(now);
}

void Connection::stop_softly(TimePoint now) {
    stopping_ = true;
    if (phase_ != Phase::Talking) {
        finish();
        return;
    }
    work(now);
}

void Connection::stop_now(TimePoint now) {
    if (phase_ == Phase::Talking && session_.state() != smtp::State::Closed) {
        answer_due_ = false;
        paused_ = false;
        ending_ = Ending::Stopping;
        session_.close({421, "4.3.2", "Service is shutting down"});
        work(now);
    }
    ending_ = Ending::Stopping;
    finish();
}

/// True while somebody would lose an answer: the dialogue thinks, or a message is coming.
bool Connection::busy() const {
    return answer_due_ || paused_ || session_.receiving();
}

bool Connection::wants_to_read() const {
    return phase_ == Phase::Talking && !answer_due_ && !paused_ && !peer_ended_ &&
           output_.size() < kMaxOutput && session_.wants_input();
}

/// Lets session and dialogue go as far as they can, and sends.
void Connection::work(TimePoint now) {
    while (phase_ == Phase::Talking) {
        pump();
        if (stopping_ && !busy() && session_.state() != smtp::State::Closed) {
            ending_ = Ending::Stopping;
            session_.close({421, "4.3.2", "Service is shutting down"});
        }
        output_ += session_.take_output();
        if (session_.progress() != progress_) {
            progress_ = session_.progress();
            since_ = now;
        }
        if (session_.state() == smtp::State::Closed) {
            if (ending_ == Ending::Left) ending_ = Ending::Said;
            drop_dialogue();
        }
        // Replies to what was pipelined go out together (RFC 2920 3.2): by end_turn(), at the
        // latest.
        if (answer_due_) break;
        flush(now);
        // What TLS has read ahead no event will tell about.
        if (!wants_to_read() || !transport_.has_buffered() || !read_some(now)) break;
    }
    keep_pace(now);
}

void Connection::end_turn(TimePoint now) {
    if (phase_ != Phase::Talking || !answer_due_ || output_.empty()) return;
    flush(now);
    keep_pace(now);
}

void Connection::pump() {
    while (!answer_due_ && !paused_ && output_.size() < kMaxOutput && dialogue_) {
        auto step = session_.next();
        if (!step) return;
        guarded([&] { carry_out(*step); });
    }
}

void Connection::carry_out(smtp::Step& step) {
    std::visit(Overloaded{[this](smtp::Event& event) { ask(std::move(event)); },
                          [this](smtp::DataChunk& chunk) { pass_on(chunk.bytes); },
                          [this](smtp::StartTls&) { answer_starttls(); },
                          [this](smtp::Xclient& xclient) { introduce(xclient.introduction); }},
               step);
}

void Connection::answer_starttls() {
    tls_wanted_ = tls_ != nullptr;
    session_.answer(tls_wanted_ ? smtp::Reply{220, "2.0.0", "Go ahead"}
                                : smtp::Reply{454, "4.7.0", "TLS is not available"});
}

void Connection::ask(smtp::Event event) {
    answer_due_ = true;
    const std::uint64_t ticket = ++ticket_;
    dialogue_->on_event(std::move(event), [inbox = inbox_, id = id(), ticket](smtp::Reply reply) {
        inbox->post([id, ticket, reply = std::move(reply)](Reactor& reactor) {
            reactor.answer(id, ticket, reply);
        });
    });
}

void Connection::pass_on(std::string_view chunk) {
    const std::uint64_t ticket = ++ticket_;
    const Resume resume = [inbox = inbox_, id = id(), ticket] {
        inbox->post([id, ticket](Reactor& reactor) { reactor.resume(id, ticket); });
    };
    paused_ = dialogue_->on_data(chunk, resume) == Flow::Pause;
}

/// True: something came.
bool Connection::read_some(TimePoint now) {
    const auto result = transport_.read(scratch_);
    switch (result.progress) {
        case Transport::Progress::Moved:
            session_.feed(std::string_view(scratch_.data(), result.bytes));
            if (session_.receiving()) since_ = now;
            (session_.receiving() ? message_pace_ : command_pace_).add(result.bytes);
            return true;
        case Transport::Progress::NeedsRead:
            return false;
        case Transport::Progress::NeedsWrite:
            read_blocked_ = true;
            return false;
        case Transport::Progress::Ended:
            peer_ended_ = true;
            if (output_.empty()) finish();
            return false;
        case Transport::Progress::Failed:
            finish();
            return false;
    }
    return false;
}

void Connection::flush(TimePoint now) {
    std::size_t sent = 0;
    while (sent < output_.size()) {
        const auto result = transport_.write(std::string_view(output_).substr(sent));
        if (result.progress == Transport::Progress::Moved) {
            sent += result.bytes;
            write_pace_.add(result.bytes);
            since_ = now;
            continue;
        }
        if (result.progress == Transport::Progress::NeedsWrite) break;
        if (result.progress == Transport::Progress::NeedsRead) {
            write_blocked_ = true;
            break;
        }
        finish();
        return;
    }
    output_.erase(0, sent);
    if (output_.empty()) {
        if (output_.capacity() > kKeptOutput) output_ = std::string();
        after_flush(now);
    }
}

void Connection::after_flush(TimePoint now) {
    if (tls_wanted_ && session_.state() == smtp::State::Handshaking) {
        tls_wanted_ = false;
        phase_ = Phase::Handshake;
        since_ = now;
        if (transport_.start_tls(tls_)) {
            handshake(now);
        } else {
            finish();
        }
    } else if (session_.state() == smtp::State::Closed) {
        linger(now);
    } else if (peer_ended_) {
        finish();
    }
}

void Connection::linger(TimePoint now) {
    phase_ = Phase::Lingering;
    since_ = now;
    transport_.end_output();
}

/// Closing a socket with bytes unread resets it, and a reset overtakes our last reply.
void Connection::drain_lingering() {
    constexpr int kRounds = 16;  // of one wake-up: others want their turn
    for (int i = 0; i < kRounds; ++i) {
        const auto result = transport_.read(scratch_);
        if (result.progress == Transport::Progress::NeedsRead) return;
        if (result.progress != Transport::Progress::Moved) {
            finish();
            return;
        }
    }
}

void Connection::drop_dialogue() {
    if (!dialogue_) return;
    answer_due_ = false;
    paused_ = false;
    guarded([this] { dialogue_->on_close(ending_); });
    dialogue_.reset();
    tasks_.clear();
    ++dialogue_number_;
}

void Connection::finish() {
    phase_ = Phase::Finished;
    drop_dialogue();
}

std::uint32_t Connection::interest() const {
    switch (phase_) {
        case Phase::FirstHandshake:
        case Phase::Handshake:
            return read_blocked_ ? EPOLLOUT : EPOLLIN;
        case Phase::Proxy:
        case Phase::Lingering:
            return EPOLLIN;
        case Phase::Finished:
            return 0;
        case Phase::Talking:
            break;
    }
    std::uint32_t events = 0;
    if (watches_early_talk()) events |= EPOLLIN;
    if (wants_to_read()) events |= read_blocked_ ? EPOLLOUT : EPOLLIN;
    if (!output_.empty()) events |= write_blocked_ ? EPOLLIN : EPOLLOUT;
    return events;
}

}  // namespace postern::net
