#pragma once

#include <functional>
#include <memory>

#include "gateway/net/pool.hpp"

namespace postern::transaction {

/// Work that a free thread of the pool may do beside its owner's own. If none has come to it when
/// it is needed, the owner does it: it never waits for a thread, only for work that has begun.
class Errand {
public:
    /// Offers `work`, which runs once at most.
    Errand(net::Pool& pool, std::function<void()> work);
    /// Waits when the work has begun and not ended; what nobody has begun is not done any more.
    ~Errand();
    Errand(const Errand&) = delete;
    Errand& operator=(const Errand&) = delete;

    /// Returns when the work is done; an exception of it comes out here. Call once.
    void finish();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace postern::transaction
