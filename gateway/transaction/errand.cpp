#include "gateway/transaction/errand.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

namespace postern::transaction {

struct Errand::State {
    std::mutex mutex;
    std::condition_variable changed;
    bool begun = false;
    bool done = false;
    std::function<void()> work;
    std::exception_ptr error;

    /// False: somebody else has begun it.
    bool claim() {
        const std::scoped_lock lock(mutex);
        return !std::exchange(begun, true);
    }

    void carry_out() {
        std::exception_ptr caught;
        try {
            work();
        } catch (...) {
            caught = std::current_exception();
        }
        const std::scoped_lock lock(mutex);
        work = nullptr;
        error = caught;
        done = true;
        changed.notify_all();
    }

    void wait() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return done; });
    }
};

Errand::Errand(net::Pool& pool, std::function<void()> work) : state_(std::make_shared<State>()) {
    state_->work = std::move(work);
    const bool offered = pool.submit([state = state_] {
        if (state->claim()) state->carry_out();
    });
    static_cast<void>(offered);  // the pool is full: the owner does it
}

Errand::~Errand() {
    if (!state_->claim()) state_->wait();
}

void Errand::finish() {
    if (state_->claim()) {
        state_->carry_out();
    } else {
        state_->wait();
    }
    if (state_->error) std::rethrow_exception(state_->error);
}

}  // namespace postern::transaction
