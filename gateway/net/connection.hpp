#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gateway/net/admission.hpp"
#include "gateway/net/deadlines.hpp"
#include "gateway/net/dialogue.hpp"
#include "gateway/net/inbox.hpp"
#include "gateway/net/load_gauge.hpp"
#include "gateway/net/pace.hpp"
#include "gateway/net/proxy_header.hpp"
#include "gateway/net/server.hpp"
#include "gateway/net/transport.hpp"
#include "gateway/smtp/session.hpp"

namespace postern::net {

/// What all connections of a server share; outlives them.
struct Surroundings {
    Timeouts timeouts;
    Rates rates;
    DialogueFactory factory;
    Observer observer;
    std::unique_ptr<LoadGauge> load;
};

/// What a connection is made of.
struct Accepted {
    UniqueFd socket;
    ClientFacts client;
    Admission::Place place;
    std::shared_ptr<const smtp::SessionSettings> session;
    std::shared_ptr<const TlsContext> tls;  ///< null: not offered
    bool proxied = false;                   ///< a PROXY header comes first
};

/// One client: moves bytes between its socket and its session, and events between session and
/// dialogue. Lives on one reactor thread, which calls it and then does what interest(), deadline()
/// and finished() say.
class Connection : private smtp::ReplyObserver, private Timer {
public:
    /// `scratch` is the reactor's, used only inside calls.
    Connection(Accepted accepted, const Surroundings& surroundings, std::shared_ptr<Inbox> inbox,
               std::span<char> scratch);
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    Connection(Connection&&) = delete;
    Connection& operator=(Connection&&) = delete;

    void start(TimePoint now);
    void on_ready(std::uint32_t epoll_events, TimePoint now);
    void on_deadline(TimePoint now);
    void on_answer(std::uint64_t ticket, const smtp::Reply& reply, TimePoint now);
    void on_resume(std::uint64_t ticket, TimePoint now);
    void on_post(std::uint64_t dialogue, const std::function<void()>& task, TimePoint now);
    /// The reactor has done all that is due now: sends what waited for more of its kind.
    void end_turn(TimePoint now);
    /// Ends as soon as no client is left without the answer it waits for.
    void stop_softly(TimePoint now);
    /// Ends now, with 421 if the socket takes it.
    void stop_now(TimePoint now);

    [[nodiscard]] std::uint32_t interest() const;  ///< epoll events
    [[nodiscard]] std::optional<TimePoint> deadline() const;
    [[nodiscard]] bool finished() const { return phase_ == Phase::Finished; }
    [[nodiscard]] int descriptor() const { return transport_.descriptor(); }
    [[nodiscard]] std::uint64_t id() const { return client_.connection; }

private:
    enum class Phase {
        Proxy,           ///< the PROXY header comes
        FirstHandshake,  ///< of implicit TLS
        Talking,
        Handshake,  ///< of STARTTLS
        Lingering,  ///< all is said; reads on so that the kernel does not drop our last words
        Finished
    };
    struct Task {
        TimePoint due;
        std::function<void()> run;
    };

    void on_reply(smtp::Stage stage, int code) override;
    void after(std::chrono::milliseconds delay, std::function<void()> task) override;
    [[nodiscard]] Post post() const override;
    template <class Call>
    void guarded(Call&& call);

    // connection_opening.cpp: up to the banner
    void read_header(TimePoint now);
    void take_header(const ProxyEndpoints& endpoints);
    void client_known(TimePoint now);
    void make_dialogue();
    void begin(TimePoint now);
    void handshake(TimePoint now);
    void handshake_done(TimePoint now);
    void introduce(const smtp::Introduction& introduction);
    void look_for_early_talk(TimePoint now);
    [[nodiscard]] bool watches_early_talk() const;

    // connection.cpp: the conversation
    void work(TimePoint now);
    void pump();
    void carry_out(smtp::Step& step);
    void ask(smtp::Event event);
    void pass_on(std::string_view chunk);
    void answer_starttls();
    bool read_some(TimePoint now);
    void flush(TimePoint now);
    void after_flush(TimePoint now);
    void linger(TimePoint now);
    void drain_lingering();
    void drop_dialogue();
    void finish();
    [[nodiscard]] bool wants_to_read() const;
    [[nodiscard]] bool busy() const;

    // connection_time.cpp
    void run_tasks(TimePoint now);
    void keep_pace(TimePoint now);
    [[nodiscard]] bool too_slow(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> time_limit() const;
    [[nodiscard]] std::optional<TimePoint> talking_limit() const;
    [[nodiscard]] std::optional<TimePoint> pace_limit() const;

    const Surroundings& surroundings_;
    const std::shared_ptr<Inbox> inbox_;
    const std::span<char> scratch_;
    Admission::Place place_;
    ClientFacts client_;
    Transport transport_;
    std::shared_ptr<const TlsContext> tls_;  ///< to start TLS with
    smtp::Session session_;
    std::unique_ptr<Dialogue> dialogue_;
    std::string output_;                 ///< while Phase::Proxy lasts: the header so far
    std::vector<Task> tasks_;            ///< of the dialogue, in the order of their time
    std::uint64_t dialogue_number_ = 0;  ///< tasks for one before find nobody
    std::uint64_t ticket_ = 0;           ///< of the last event or pause
    std::uint64_t progress_ = 0;
    TimePoint began_;
    TimePoint since_;  ///< the last thing that counts against a timeout
    Pace message_pace_;
    Pace command_pace_;
    Pace write_pace_;
    Phase phase_ = Phase::Talking;
    const bool proxied_;
    bool answer_due_ = false;     ///< by the dialogue
    bool paused_ = false;         ///< by the dialogue
    bool tls_wanted_ = false;     ///< as soon as 220 is sent
    bool read_blocked_ = false;   ///< TLS has to write before it can read
    bool write_blocked_ = false;  ///< TLS has to read before it can write
    bool peer_ended_ = false;
    bool early_talk_known_ = false;
    bool stopping_ = false;
    Ending ending_ = Ending::Left;  ///< as far as it is known
};

}  // namespace postern::net
