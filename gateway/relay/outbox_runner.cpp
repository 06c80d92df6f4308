#include "gateway/relay/outbox_runner.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <stop_token>
#include <utility>

#include "gateway/observe/log.hpp"

namespace postern::relay {
namespace {

using observe::Level;
using quarantine::StoreErrorKind;

std::uint64_t file_size(int descriptor) {
    struct stat status {};
    return ::fstat(descriptor, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

mail::Charset charset(const quarantine::Summary& summary) {
    return summary.smtputf8 ? mail::Charset::Utf8 : mail::Charset::Ascii;
}

/// nullopt: the record's reverse-path is no address (and not the null one either).
std::optional<Envelope> original_envelope(const quarantine::Summary& summary) {
    Envelope envelope{
        .size = summary.size, .eight_bit = summary.eight_bit, .smtputf8 = summary.smtputf8};
    if (summary.reverse_path.empty()) return envelope;
    auto sender = mail::Mailbox::parse(summary.reverse_path, charset(summary));
    if (!sender) return std::nullopt;
    envelope.reverse_path = std::move(sender).value();
    return envelope;
}

std::string spoken(const smtp::PeerReply& reply) {
    return std::to_string(reply.code) + ' ' + reply.words();
}

}  // namespace

std::string_view name(OutboxResult result) {
    switch (result) {
        case OutboxResult::Delivered:
            return "delivered";
        case OutboxResult::Failed:
            return "failed";
        case OutboxResult::Retry:
            return "retry";
        case OutboxResult::NeedsConfirmation:
            return "needs-confirmation";
        case OutboxResult::Lost:
            return "lost";
    }
    return "";
}

OutboxRunner::OutboxRunner(quarantine::Store& store, NextHop& next_hop, Rescan rescan,
                           observe::Log& log, OutboxSettings settings)
    : store_(store),
      next_hop_(next_hop),
      rescan_(std::move(rescan)),
      log_(log),
      settings_(settings) {}

OutboxRunner::~OutboxRunner() {
    stop();
}

void OutboxRunner::start() {
    thread_ = std::jthread([this](const std::stop_token& stopping) { run(stopping); });
}

void OutboxRunner::notify() {
    {
        const std::lock_guard lock(mutex_);
        notified_ = true;
    }
    wake_.notify_one();
}

void OutboxRunner::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

void OutboxRunner::run(const std::stop_token& stopping) {
    stopping_ = stopping;
    while (!stopping.stop_requested()) {
        next_hop_.close_idle();
        // A full batch says that more may be waiting.
        if (run_once() >= settings_.batch) continue;
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, stopping, settings_.poll, [this] { return notified_; });
        notified_ = false;
    }
}

std::size_t OutboxRunner::run_once() {
    auto claimed = store_.outbox().claim(settings_.batch, settings_.lease);
    if (!claimed) {
        // Another process may hold the database for long: nothing is wrong, the next round comes.
        const bool busy = claimed.error().kind == StoreErrorKind::Busy;
        log_.line(busy ? Level::Info : Level::Error, "outbox_unreadable",
                  {{"why", name(claimed.error().kind)}, {"detail", claimed.error().detail}});
        return 0;
    }
    Items items = std::move(claimed).value();
    const std::size_t count = items.size();
    // The recipients of one message go out together: one second look, one transaction.
    std::stable_sort(items.begin(), items.end(),
                     [](const auto& a, const auto& b) { return a.record < b.record; });
    for (auto first = items.begin(); first != items.end();) {
        const auto last = std::find_if(
            first, items.end(), [&](const auto& item) { return item.record != first->record; });
        const Items together(first, last);
        first = last;
        if (stopping_.stop_requested()) {
            retry(together, "stopped before it was its turn");
        } else {
            deliver_record(together);
        }
    }
    return count;
}

void OutboxRunner::deliver_record(const Items& items) {
    const auto unreadable = [&](const quarantine::StoreError& error) {
        const std::string why = "stored message: " + std::string(name(error.kind));
        log_.line(Level::Error, "outbox_message_unreadable",
                  {{"id", items.front().record.text()}, {"detail", error.detail}});
        retry(items, why);
    };
    const auto record = store_.show(items.front().record);
    if (!record) return unreadable(record.error());
    auto message = store_.open_message(items.front().record);
    if (!message) return unreadable(message.error());
    auto reader = std::move(message).value();
    const auto file = reader.to_memfd();
    if (!file) return unreadable(file.error());
    attempt(items, *record, file->get(), file_size(file->get()));
}

void OutboxRunner::attempt(const Items& items, const quarantine::Record& record, int message,
                           std::uint64_t size) {
    const Decision decision = rescan_(record, message);
    if (const auto* later = std::get_if<RetryLater>(&decision)) return retry(items, later->why);
    if (const auto* now = std::get_if<DeliverNow>(&decision)) {
        return transmit(items, record, message, size, now->prefix);
    }
    const auto& ask = std::get<NeedsConfirmation>(decision);
    Items confirmed;
    for (const quarantine::Delivery& item : items) {
        if (item.confirmed && item.confirmed_detail == ask.detail) {
            confirmed.push_back(item);
        } else {
            const bool kept = store_.outbox().mark_needs_confirmation(item, ask.detail).has_value();
            tell(item, kept ? OutboxResult::NeedsConfirmation : OutboxResult::Lost, ask.detail);
        }
    }
    if (!confirmed.empty()) transmit(confirmed, record, message, size, ask.prefix);
}

/// Renews the claims first: the second look may have taken long, and whoever lost one must not
/// send.
OutboxRunner::Items OutboxRunner::still_ours(const Items& items) {
    Items ours;
    for (const quarantine::Delivery& item : items) {
        if (store_.outbox().extend(item, settings_.lease)) {
            ours.push_back(item);
        } else {
            tell(item, OutboxResult::Lost, "the claim ran out");
        }
    }
    return ours;
}

void OutboxRunner::transmit(const Items& wanted, const quarantine::Record& record, int message,
                            std::uint64_t size, const std::string& prefix) {
    const Items items = still_ours(wanted);
    if (items.empty()) return;
    const auto envelope = original_envelope(record.summary);
    const smtp::PeerReply bad_address{553, "5.1.7", "The address cannot be used"};
    if (!envelope) {
        for (const auto& item : items) settle(item, bad_address, "reverse-path is no address");
        return;
    }
    auto begun = next_hop_.begin(*envelope);
    if (!begun) {
        for (const auto& item : items) settle(item, begun.error().reply, begun.error().detail);
        return;
    }
    Delivery delivery = std::move(begun).value();
    Items accepted;
    for (const quarantine::Delivery& item : items) {
        const auto mailbox = mail::Mailbox::parse(item.forward_path, charset(record.summary));
        const smtp::PeerReply reply =
            mailbox ? delivery.recipient({.forward_path = *mailbox}) : bad_address;
        if (reply.positive() && mailbox) {
            accepted.push_back(item);
        } else {
            settle(item, reply, {});
        }
    }
    const Sent sent = delivery.send(prefix, message, size);
    for (std::size_t i = 0; i < accepted.size() && i < sent.replies.size(); ++i) {
        settle(accepted[i], sent.replies[i], sent.detail);
    }
}

void OutboxRunner::settle(const quarantine::Delivery& item, const smtp::PeerReply& reply,
                          const std::string& detail) {
    const std::string text = spoken(reply) + (detail.empty() ? "" : " (" + detail + ")");
    quarantine::Outbox& outbox = store_.outbox();
    if (reply.temporary()) return retry({item}, text);
    const bool kept = reply.positive() ? outbox.mark_delivered(item, text).has_value()
                                       : outbox.mark_failed(item, text).has_value();
    const OutboxResult result = reply.positive() ? OutboxResult::Delivered : OutboxResult::Failed;
    tell(item, kept ? result : OutboxResult::Lost, text);
}

void OutboxRunner::retry(const Items& items, const std::string& why) {
    for (const quarantine::Delivery& item : items) {
        const auto state = store_.outbox().mark_retry(item, why);
        OutboxResult result = OutboxResult::Lost;
        if (state) {
            result = *state == quarantine::DeliveryState::Failed ? OutboxResult::Failed
                                                                 : OutboxResult::Retry;
        }
        tell(item, result, why);
    }
}

void OutboxRunner::tell(const quarantine::Delivery& item, OutboxResult result,
                        std::string_view detail) {
    const bool fine = result == OutboxResult::Delivered;
    log_.line(fine ? Level::Info : Level::Warning, "release",
              {{"id", item.record.text()},
               {"result", name(result)},
               {"recipient", item.forward_path},
               {"attempts", item.attempts},
               {"requested_by", item.requested_by},
               {"detail", detail}});
}

}  // namespace postern::relay
