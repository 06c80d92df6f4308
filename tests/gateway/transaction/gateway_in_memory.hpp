#pragma once

/// @file All that a transaction shares, made of real parts without a socket: a DNS, a clock of
/// timers and a state store under a test's control, no analyzer, and a next hop that nobody is at.

#include <fcntl.h>

#include <array>
#include <deque>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "gateway/relay/from_settings.hpp"
#include "gateway/state/bans.hpp"
#include "gateway/state/memory_store.hpp"
#include "gateway/transaction/dialogue.hpp"
#include "tests/gateway/reputation/temporary_folder.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::transaction::tests {

/// A store that may wait, as those on a disk or in a network do.
class WaitingStore final : public state::State {
public:
    explicit WaitingStore(state::State& real) : real_(real) {}
    [[nodiscard]] bool may_wait() const override { return true; }
    Outcome<std::optional<std::string>, state::StateError> get(std::string_view key) override {
        return real_.get(key);
    }
    Outcome<Done, state::StateError> put(std::string_view key, std::string_view value,
                                         std::chrono::seconds life) override {
        return real_.put(key, value, life);
    }
    Outcome<std::string, state::StateError> put_if_absent(std::string_view key,
                                                          std::string_view value,
                                                          std::chrono::seconds life) override {
        return real_.put_if_absent(key, value, life);
    }
    Outcome<bool, state::StateError> remove(std::string_view key) override {
        return real_.remove(key);
    }
    Outcome<std::int64_t, state::StateError> add(std::string_view key, std::int64_t amount,
                                                 std::chrono::seconds window) override {
        return real_.add(key, amount, window);
    }
    Outcome<std::vector<std::int64_t>, state::StateError> add_all(
        std::span<const state::Addition> additions) override {
        return real_.add_all(additions);
    }
    Outcome<std::vector<state::Entry>, state::StateError> list(std::string_view prefix,
                                                               std::size_t most) override {
        return real_.list(prefix, most);
    }
    [[nodiscard]] state::Figures figures() const override { return real_.figures(); }

private:
    state::State& real_;
};

/// A reactor's side of a dialogue: tasks run when the test says that their time has come.
class Reactor final : public net::Timer {
public:
    void after(std::chrono::milliseconds delay, std::function<void()> task) override {
        timers.emplace(delay, std::move(task));
    }
    [[nodiscard]] Post post() const override {
        return [posted = posted_](std::function<void()> task) {
            const std::lock_guard lock(posted->mutex);
            posted->tasks.push_back(std::move(task));
            posted->arrived.notify_all();
        };
    }
    /// The next task that a job brings; waits for it.
    void run_posted() {
        std::unique_lock lock(posted_->mutex);
        posted_->arrived.wait(lock, [this] { return !posted_->tasks.empty(); });
        const auto task = std::move(posted_->tasks.front());
        posted_->tasks.pop_front();
        lock.unlock();
        task();
    }
    /// The timer that is due first; false: there is none.
    bool ring() {
        if (timers.empty()) return false;
        const auto task = std::move(timers.begin()->second);
        timers.erase(timers.begin());
        task();
        return true;
    }
    std::multimap<std::chrono::milliseconds, std::function<void()>> timers;

private:
    struct Posted {
        std::mutex mutex;
        std::condition_variable arrived;
        std::deque<std::function<void()>> tasks;
    };
    std::shared_ptr<Posted> posted_ = std::make_shared<Posted>();
};

struct Options {
    std::string toml = {};       ///< behind what every test has
    bool store_waits = false;    ///< as with Redis or SQLite
    std::size_t threads = 1;     ///< of decision; 0: none is ever free
    bool has_recipients = true;  ///< user@dest.example, and nobody else
};

/// Members are in the order of their dependence.
class Gateway {
public:
    explicit Gateway(Options options = {}) : options_(std::move(options)) {}

    /// Of an ordinary stranger, unless the test changes it.
    [[nodiscard]] static net::ClientFacts client(const std::string& address = "198.51.100.7") {
        return {.address = mail::IpAddress::parse(address).value(),
                .port = 40'000,
                .local_address = mail::IpAddress::parse("192.0.2.1").value(),
                .local_port = 25,
                .connection = 1'000'000};
    }
    /// The lines of `event` so far.
    [[nodiscard]] std::vector<nlohmann::json> lines(const std::string& event) {
        log.flush();
        std::ifstream in(folder.path("log"));
        std::vector<nlohmann::json> found;
        for (std::string line; std::getline(in, line);) {
            auto parsed = nlohmann::json::parse(line);
            if (parsed.value("event", "") == event) found.push_back(std::move(parsed));
        }
        return found;
    }

private:
    const Options options_;

public:
    const postern::tests::TemporaryFolder folder;

private:
    settings::Settings settings_ = [this] {
        folder.put("recipients", "user@dest.example\n");
        const std::string list =
            options_.has_recipients ? "recipients = \"" + folder.path("recipients") + "\"\n" : "";
        return settings::parse(
                   "[smtp]\nhostname = \"mx.dest.example\"\n[domains]\naccept = "
                   "[\"dest.example\"]\n" +
                       list + options_.toml,
                   "test.toml")
            .settings;
    }();
    const checks::Plan plan_ = checks::configure(settings_);
    observe::Registry registry_;
    observe::GatewayMetrics metrics_{registry_};

public:
    std::int64_t now = 1'790'000'000'000;  ///< of the store, milliseconds
    postern::tests::FakeResolver dns;
    observe::Log log{UniqueFd(
        ::open(folder.path("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600))};
    state::MemoryStore memory{1U << 20U, [this] { return now; }, {}};

private:
    WaitingStore waiting_{memory};
    host::Door door_;
    std::unique_ptr<quarantine::Store> store_ = [this] {
        const auto location =
            quarantine::Location::parse("sqlite://" + folder.path("quarantine.db")).value();
        return quarantine::Store::open(location, quarantine::Key({})).value();
    }();
    relay::NextHop next_hop_{relay::from_settings(settings_.next_hops, "mx.dest.example"), &dns};
    spool::Spool spool_{{.folder = folder.path(".")}};
    const auth::Authenticator authenticator_{
        auth::authenticator_settings(settings_.auth, settings_.smtp.hostname)};
    std::unique_ptr<checks::RecipientList> recipients_ =
        options_.has_recipients ? std::make_unique<checks::RecipientList>(settings_.recipients_file)
                                : nullptr;

public:
    net::Pool pool{options_.threads, options_.threads == 0 ? 0U : 8U};
    Services services{settings_,
                      door_,
                      pool,
                      next_hop_,
                      spool_,
                      *store_,
                      log,
                      metrics_,
                      dns,
                      options_.store_waits ? static_cast<state::State&>(waiting_) : memory,
                      plan_,
                      authenticator_,
                      nullptr,
                      recipients_.get(),
                      {*mail::Cidr::parse("127.0.0.0/8")}};
};

/// One client of it.
class Client {
public:
    Client(Gateway& gateway, const net::ClientFacts& facts)
        : dialogue_(std::make_unique<MailDialogue>(gateway.services, facts, reactor)) {}

    /// The answer, if it is given at once; else the test lets time or jobs go on, and looks at
    /// `reply`.
    std::optional<smtp::Reply> say(smtp::Event event) {
        reply_->reset();
        dialogue_->on_event(std::move(event),
                            [reply = reply_](smtp::Reply said) { *reply = said; });
        return *reply_;
    }
    std::optional<smtp::Reply> rcpt(const std::string& mailbox) {
        return say(smtp::RcptTo{mail::Mailbox::parse(mailbox).value()});
    }
    [[nodiscard]] const std::optional<smtp::Reply>& reply() const { return *reply_; }
    /// As a server does it with an established session.
    void refuse_by_itself(smtp::Stage stage, int code) { dialogue_->on_refusal(stage, code); }
    void talk_early() { dialogue_->on_early_talk("EHLO"); }
    void leave(net::Ending why) {
        dialogue_->on_close(why);
        dialogue_.reset();
    }
    Reactor reactor;

private:
    std::shared_ptr<std::optional<smtp::Reply>> reply_ =
        std::make_shared<std::optional<smtp::Reply>>();
    std::unique_ptr<MailDialogue> dialogue_;
};

}  // namespace postern::transaction::tests
