#pragma once

/// @file Looks at held messages again where somebody asked for it: one thread that takes wishes out
/// of the store and puts reports beside the records.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "gateway/transaction/services.hpp"

namespace postern::transaction {

struct RescanSettings {
    std::chrono::milliseconds poll = std::chrono::seconds(1);  ///< between looks for wishes
    /// Longer than a look takes; a wish that could not be fulfilled is tried again after it.
    std::chrono::milliseconds lease = std::chrono::minutes(2);
};

class RescanRunner {
public:
    /// `services` outlives this.
    explicit RescanRunner(const Services& services, RescanSettings settings = {});
    ~RescanRunner();
    RescanRunner(const RescanRunner&) = delete;
    RescanRunner& operator=(const RescanRunner&) = delete;

    void start();
    /// Ends after the message at hand, and joins the thread.
    void stop();

    /// Fulfils the oldest wish on the caller's thread. False: there is none, or the store cannot
    /// say.
    bool run_once();

private:
    void run(const std::stop_token& stopping);
    void look_again(const quarantine::RescanWish& wish);
    void tell(const quarantine::RescanWish& wish, std::string_view result, std::string_view detail);

    const Services& services_;
    const RescanSettings settings_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;
};

}  // namespace postern::transaction
