#include "gateway/dns/loop.hpp"

#include <event2/event.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <new>
#include <stdexcept>
#include <utility>

namespace postern::dns {
namespace {

/// Without cached time: a timer that is set late in a long round must not fire early.
event_base* make_base() {
    struct ConfigFree {
        void operator()(event_config* owned) const { event_config_free(owned); }
    };
    const std::unique_ptr<event_config, ConfigFree> config(event_config_new());
    if (config == nullptr) throw std::bad_alloc();
    event_config_set_flag(config.get(), EVENT_BASE_FLAG_NO_CACHE_TIME);
    event_config_set_flag(config.get(), EVENT_BASE_FLAG_PRECISE_TIMER);
    event_config_set_flag(config.get(), EVENT_BASE_FLAG_NOLOCK);
    event_base* base = event_base_new_with_config(config.get());
    if (base == nullptr) throw std::runtime_error("no event loop");
    return base;
}

event* make_event(const Loop& loop, int descriptor, short what, event_callback_fn call,
                  void* self) {
    event* made = event_new(loop.base(), descriptor, what, call, self);
    if (made == nullptr) throw std::bad_alloc();
    return made;
}

}  // namespace

void EventFree::operator()(event* owned) const {
    event_free(owned);
}

void EventFree::operator()(event_base* owned) const {
    event_base_free(owned);
}

Loop::Loop(std::function<void()> on_wake)
    : on_wake_(std::move(on_wake)),
      base_(make_base()),
      bell_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!bell_) throw std::runtime_error("no descriptor for the DNS thread");
    ringing_.reset(make_event(*this, bell_.get(), EV_READ | EV_PERSIST, &Loop::on_event, this));
    event_add(ringing_.get(), nullptr);
}

Loop::~Loop() = default;

void Loop::run() {
    event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY);
}

void Loop::leave() {
    event_base_loopbreak(base_.get());
}

void Loop::wake() const {
    eventfd_write(bell_.get(), 1);
}

void Loop::on_event(int descriptor, short /*what*/, void* self) {
    eventfd_t rings = 0;
    eventfd_read(descriptor, &rings);
    static_cast<Loop*>(self)->on_wake_();
}

Watch::Watch(const Loop& loop, int descriptor, For interest, std::function<void()> call)
    : call_(std::move(call)),
      event_(make_event(
          loop, descriptor,
          static_cast<short>((interest == For::Reading ? EV_READ : EV_WRITE) | EV_PERSIST),
          &Watch::on_event, this)) {
    event_add(event_.get(), nullptr);
}

Watch::~Watch() = default;

void Watch::on_event(int /*descriptor*/, short /*what*/, void* self) {
    const auto call = static_cast<Watch*>(self)->call_;  // the call may destroy the watch
    call();
}

Alarm::Alarm(const Loop& loop, std::function<void()> call)
    : call_(std::move(call)), event_(make_event(loop, -1, 0, &Alarm::on_event, this)) {}

Alarm::~Alarm() = default;

void Alarm::set(TimePoint when) {
    using std::chrono::microseconds;
    when_ = when;
    auto left = std::chrono::ceil<microseconds>(when - std::chrono::steady_clock::now());
    if (left < microseconds(0)) left = microseconds(0);
    timeval wait{};
    wait.tv_sec = static_cast<time_t>(left.count() / 1000000);
    wait.tv_usec = static_cast<suseconds_t>(left.count() % 1000000);
    event_add(event_.get(), &wait);
}

void Alarm::on_event(int /*descriptor*/, short /*what*/, void* self) {
    auto* alarm = static_cast<Alarm*>(self);
    if (std::chrono::steady_clock::now() < alarm->when_) {
        alarm->set(alarm->when_);
        return;
    }
    const auto call = alarm->call_;
    call();
}

}  // namespace postern::dns
