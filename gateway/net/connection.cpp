#include "gateway/net/connection.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "gateway/net/reactor.hpp"

namespace postern::net {
namespace {

constexpr std::size_t kMaxOutput = std::size_t{16} << 10U;  // then the client has to read first
constexpr std::size_t kKeptOutput = 512;  // bytes of buffer that an idle connection may keep
constexpr std::chrono::seconds kLinger{2};

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
      session_(std::move(accepted.session), this) {}

Connection::~Connection() {
    drop_dialogue();
}

void Connection::on_reply(smtp::Stage stage, int code) {
    if (surroundings_.observer.replied) surroundings_.observer.replied(stage, code);
}

/// The one place where what escaped a dialogue is caught: the client hears 421, and somebody
/// counts.
template <class Call>
void Connection::guarded(Call&& call) {
    std::string what;
    try {
        call();
        return;
    } catch (const std::exception& error) {
        what = error.what();
    } catch (...) {
        what = "unknown exception";
    }
    if (surroundings_.observer.bug) surroundings_.observer.bug(what);
    answer_due_ = false;
    paused_ = false;
    if (session_.state() != smtp::State::Closed) {
        session_.close({421, "4.3.0", "Internal error, try again later"});
    }
}

void Connection::start(TimePoint now) {
    began_ = now;
    since_ = now;
    make_dialogue();
    work(now);
}

void Connection::make_dialogue() {
    ++dialogue_number_;
    guarded([this] { dialogue_ = surroundings_.factory(client_, *this); });
}

void Connection::after(std::chrono::milliseconds delay, std::function<void()> task) {
    const TimePoint due = std::chrono::steady_clock::now() + delay;
    const auto later = [](TimePoint time, const Task& each) { return time < each.due; };
    tasks_.insert(std::upper_bound(tasks_.begin(), tasks_.end(), due, later),
                  Task{due, std::move(task)});
}

Timer::Post Connection::post() const {
    return [inbox = inbox_, id = id(), dialogue = dialogue_number_](std::function<void()> task) {
        inbox->post([id, dialogue, task = std::move(task)](Reactor& reactor) {
            reactor.post(id, dialogue, task);
        });
    };
}

void Connection::on_post(std::uint64_t dialogue, const std::function<void()>& task, TimePoint now) {
    if (!dialogue_ || dialogue != dialogue_number_) return;
    guarded(task);
    work(now);
}

void Connection::run_tasks(TimePoint now) {
    while (!tasks_.empty() && tasks_.front().due <= now) {
        const auto task = std::move(tasks_.front().run);
        tasks_.erase(tasks_.begin());
        guarded(task);
    }
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
    if (phase_ == Phase::Handshake) {
        handshake(now);
        return;
    }
    read_blocked_ = false;
    write_blocked_ = false;
    if (wants_to_read()) (void)read_some(now);
    if (!finished()) work(now);
}

void Connection::on_deadline(TimePoint now) {
    if (!tasks_.empty() && tasks_.front().due <= now) {
        run_tasks(now);
        work(now);
        return;
    }
    if (phase_ != Phase::Talking || !output_.empty()) {
        finish();  // no use to say more to who does not listen
        return;
    }
    session_.close({421, "4.4.2", "Timeout"});
    work(now);
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
        session_.close({421, "4.3.2", "Service is shutting down"});
        work(now);
    }
    finish();
}

/// True while somebody would lose an answer: the dialogue thinks, or a message is coming.
bool Connection::busy() const {
    return answer_due_ || paused_ || session_.state() == smtp::State::ReceivingData;
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
            session_.close({421, "4.3.2", "Service is shutting down"});
        }
        output_ += session_.take_output();
        if (session_.progress() != progress_) {
            progress_ = session_.progress();
            since_ = now;
        }
        if (session_.state() == smtp::State::Closed) drop_dialogue();
        flush(now);
        // What TLS has read ahead no event will tell about.
        if (!wants_to_read() || !transport_.has_buffered() || !read_some(now)) break;
    }
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
                          [this](smtp::StartTls&) {
                              tls_wanted_ = tls_ != nullptr;
                              session_.answer(
                                  tls_wanted_ ? smtp::Reply{220, "2.0.0", "Go ahead"}
                                              : smtp::Reply{454, "4.7.0", "TLS is not available"});
                          },
                          [this](smtp::Xclient& xclient) { introduce(xclient.introduction); }},
               step);
}

/// A listed proxy speaks for another client from now on: everything begins anew, TLS aside.
void Connection::introduce(const smtp::Introduction& introduction) {
    drop_dialogue();
    client_.proxy = client_.proxy.value_or(client_.address);
    if (introduction.address) client_.address = *introduction.address;
    if (introduction.port) client_.port = *introduction.port;
    if (introduction.local_address) client_.local_address = *introduction.local_address;
    if (introduction.local_port) client_.local_port = *introduction.local_port;
    client_.introduced = introduction;
    session_.answer({220, "2.0.0", "Ok"});
    make_dialogue();
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
            if (session_.state() == smtp::State::ReceivingData) since_ = now;
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

void Connection::handshake(TimePoint now) {
    switch (transport_.handshake()) {
        case Transport::Progress::Moved:
            phase_ = Phase::Talking;
            since_ = now;
            session_.tls_established();
            guarded([this] { dialogue_->on_tls(transport_.tls_facts()); });
            if (stopping_ || transport_.has_buffered()) work(now);
            return;
        case Transport::Progress::NeedsRead:
            read_blocked_ = false;
            return;
        case Transport::Progress::NeedsWrite:
            read_blocked_ = true;
            return;
        case Transport::Progress::Ended:
        case Transport::Progress::Failed:
            finish();
            return;
    }
}

void Connection::linger(TimePoint now) {
    phase_ = Phase::Lingering;
    since_ = now;
    transport_.end_output();
    drain_lingering();
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
    guarded([this] { dialogue_->on_close(); });
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
        case Phase::Handshake:
            return read_blocked_ ? EPOLLOUT : EPOLLIN;
        case Phase::Lingering:
            return EPOLLIN;
        case Phase::Finished:
            return 0;
        case Phase::Talking:
            break;
    }
    std::uint32_t events = 0;
    if (wants_to_read()) events |= read_blocked_ ? EPOLLOUT : EPOLLIN;
    if (!output_.empty()) events |= write_blocked_ ? EPOLLIN : EPOLLOUT;
    return events;
}

std::optional<TimePoint> Connection::deadline() const {
    const auto limit = time_limit();
    if (tasks_.empty()) return limit;
    return limit ? std::min(*limit, tasks_.front().due) : tasks_.front().due;
}

std::optional<TimePoint> Connection::time_limit() const {
    const Timeouts& timeouts = surroundings_.timeouts;
    switch (phase_) {
        case Phase::Handshake:
            return since_ + timeouts.handshake;
        case Phase::Lingering:
            return since_ + kLinger;
        case Phase::Finished:
            return std::nullopt;
        case Phase::Talking:
            break;
    }
    if (!output_.empty()) return since_ + timeouts.write;
    if (answer_due_ || paused_) return std::nullopt;  // the dialogue has deadlines of its own
    const bool data = session_.state() == smtp::State::ReceivingData;
    const TimePoint due = since_ + (data ? timeouts.data : timeouts.command);
    if (timeouts.session.count() == 0) return due;
    return std::min(due, began_ + timeouts.session);
}

}  // namespace postern::net
