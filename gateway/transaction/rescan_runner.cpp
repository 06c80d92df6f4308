#include "gateway/transaction/rescan_runner.hpp"

#include <utility>

#include "gateway/transaction/look.hpp"

namespace postern::transaction {

using observe::Level;
using quarantine::RescanWish;
using quarantine::StoreErrorKind;

RescanRunner::RescanRunner(const Services& services, RescanSettings settings)
    : services_(services), settings_(settings) {}

RescanRunner::~RescanRunner() {
    stop();
}

void RescanRunner::start() {
    thread_ = std::jthread([this](const std::stop_token& stopping) { run(stopping); });
}

void RescanRunner::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

void RescanRunner::run(const std::stop_token& stopping) {
    while (!stopping.stop_requested()) {
        if (run_once()) continue;
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, stopping, settings_.poll, [] { return false; });
    }
}

bool RescanRunner::run_once() {
    auto claimed = services_.store.rescans().claim(settings_.lease);
    if (!claimed) {
        // Another process may hold the database for long: the next round comes.
        const bool busy = claimed.error().kind == StoreErrorKind::Busy;
        services_.log.line(busy ? Level::Info : Level::Error, "rescans_unreadable",
                           {{"detail", claimed.error().detail}});
        return false;
    }
    if (!claimed->has_value()) return false;
    look_again(**claimed);
    return true;
}

void RescanRunner::look_again(const RescanWish& wish) {
    quarantine::Store& store = services_.store;
    const auto give_up = [&](const quarantine::StoreError& error) {
        const std::string why(name(error.kind));
        const bool dropped = store.rescans().drop(wish, why).has_value();
        tell(wish, dropped ? "dropped" : "later", why + ": " + error.detail);
    };
    const auto record = store.show(wish.record);
    if (!record) return give_up(record.error());
    auto message = store.open_message(wish.record);
    if (!message) return give_up(message.error());
    auto reader = std::move(message).value();
    const auto file = reader.to_memfd();
    if (!file) return give_up(file.error());

    const KnownEnvelope envelope = known_envelope(*record);
    const settings::Analysis& analysis = services_.settings.analysis;
    const auto jail = [&](int descriptor, std::uint64_t size) {
        return services_.door.analyze(descriptor, size, host::MessageKind::Message, analysis.limits,
                                      std::chrono::steady_clock::now() + analysis.deadline);
    };
    const Outsiders outsiders{services_.authenticator, services_.checks, services_.resolver,
                              services_.lists};
    const auto look = look_at(services_.settings, jail, envelope.client ? &outsiders : nullptr,
                              envelope, file->get(), record->summary.size);
    if (!look) return tell(wish, "later", "no analyzer");
    const auto kept =
        store.rescans().keep(wish.record, rescan_of(*look, envelope, wish.record.text()), wish.who);
    if (!kept) return give_up(kept.error());
    tell(wish, "done", verdict::word(look->verdict.worst.mail_class));
}

void RescanRunner::tell(const RescanWish& wish, std::string_view result, std::string_view detail) {
    services_.log.line(result == "done" ? Level::Info : Level::Warning, "rescan",
                       {{"id", wish.record.text()},
                        {"result", result},
                        {"requested_by", wish.who.name},
                        {"detail", detail}});
}

}  // namespace postern::transaction
