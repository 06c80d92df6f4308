#include "gateway/dns/client.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "gateway/dns/cache.hpp"
#include "gateway/dns/forwarder.hpp"
#include "gateway/dns/lookups.hpp"
#include "gateway/dns/validator.hpp"
#include "gateway/dns/wire_name.hpp"

namespace postern::dns {
namespace {

Answer unanswered(Status status, std::string detail) {
    Answer answer;
    answer.status = status;
    answer.detail = std::move(detail);
    return answer;
}

}  // namespace

/// What callers' threads touch: the cache, the inbox, the count. The rest is the thread's.
class Client::Core {
public:
    explicit Core(ClientSettings settings)
        : settings_(std::move(settings)),
          cache_(settings_.cache_bytes),
          loop_([this] { on_wake(); }),
          source_(make_source()),
          lookups_(loop_, *source_, cache_,
                   {settings_.ttl_min, settings_.ttl_max, settings_.negative_ttl_max}) {
        thread_ = std::thread([this] { run(); });
    }

    ~Core() {
        {
            const std::lock_guard lock(mutex_);
            leaving_ = true;
        }
        loop_.wake();
        thread_.join();
    }
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;
    Core(Core&&) = delete;
    Core& operator=(Core&&) = delete;

    void ask(const Question& question, TimePoint deadline, Done done) {
        const auto name = wire_name(question.name);
        if (!name) return conclude(done, unanswered(Status::Failed, "no name of a domain"));
        const TimePoint now = std::chrono::steady_clock::now();
        if (auto known = cache_.find(Lookups::key(*name, question.type), now)) {
            hits_.fetch_add(1, std::memory_order_relaxed);
            return conclude(done, std::move(*known));
        }
        if (deadline <= now) return conclude(done, unanswered(Status::Late, "no time left"));
        if (waiting_.fetch_add(1) >= settings_.in_flight) {
            --waiting_;
            return conclude(done, unanswered(Status::Failed, "too many questions at once"));
        }
        Asked asked{*name, question.type, std::min(deadline, now + settings_.timeout),
                    [this, held = std::move(done)](Answer answer) {
                        --waiting_;
                        conclude(held, std::move(answer));
                    }};
        {
            const std::lock_guard lock(mutex_);
            if (!leaving_) {
                const bool first = inbox_.empty();
                inbox_.push_back(std::move(asked));
                if (first) loop_.wake();
                return;
            }
        }
        asked.done(unanswered(Status::Failed, "the gateway stops"));
    }

    [[nodiscard]] Load load() const {
        const Cache::Size cached = cache_.size();
        return {waiting_.load(), cached.answers, cached.bytes, hits_.load()};
    }

private:
    std::unique_ptr<Source> make_source() {
        if (settings_.servers.empty()) throw std::invalid_argument("no DNS server");
        if (!settings_.trust_anchor.empty()) {
            return std::make_unique<Validator>(
                loop_, settings_.servers,
                ValidatorLimits{settings_.trust_anchor, settings_.in_flight,
                                settings_.max_records});
        }
        return std::make_unique<Forwarder>(
            loop_, settings_.servers,
            ForwarderLimits{settings_.retry_after, settings_.tcp_in_flight, settings_.max_records});
    }

    void run() {
        block_signals();
        loop_.run();
        // Nobody can add to the inbox any more: `leaving_` was seen under the lock.
        lookups_.end_all("the gateway stops");
        for (Asked& each : inbox_) each.done(unanswered(Status::Failed, "the gateway stops"));
    }

    static void block_signals();

    void on_wake() {
        std::vector<Asked> arrived;
        {
            const std::lock_guard lock(mutex_);
            if (leaving_) return loop_.leave();
            arrived.swap(inbox_);
        }
        for (Asked& each : arrived) lookups_.add(std::move(each));
    }

    void conclude(const Done& done, Answer answer) const {
        if (settings_.on_result) settings_.on_result(answer.status);
        done(std::move(answer));
    }

    const ClientSettings settings_;
    Cache cache_;
    std::atomic<std::size_t> waiting_{0};
    std::atomic<std::uint64_t> hits_{0};
    std::mutex mutex_;
    std::vector<Asked> inbox_;
    bool leaving_ = false;
    Loop loop_;
    std::unique_ptr<Source> source_;
    Lookups lookups_;
    std::thread thread_;
};

/// Signals are for the thread that waits for them; and a broken TCP connection is an error code.
void Client::Core::block_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

Client::Client(ClientSettings settings) : core_(std::make_unique<Core>(std::move(settings))) {}

Client::~Client() = default;

void Client::ask(const Question& question, TimePoint deadline, Done done) {
    core_->ask(question, deadline, std::move(done));
}

Client::Load Client::load() const {
    return core_->load();
}

}  // namespace postern::dns
