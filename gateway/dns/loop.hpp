#pragma once

/// @file One thread's event loop, by libevent: the same loop drives our sockets and libunbound's.

#include <functional>
#include <memory>

#include "analyzers/base/unique_fd.hpp"
#include "gateway/dns/resolver.hpp"

struct event;
struct event_base;

namespace postern::dns {

/// Frees what libevent made.
struct EventFree {
    void operator()(event* owned) const;
    void operator()(event_base* owned) const;
};

class Loop {
public:
    /// `on_wake` runs on the loop's thread after each wake(), once for several. Throws
    /// std::runtime_error.
    explicit Loop(std::function<void()> on_wake);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    Loop(Loop&&) = delete;
    Loop& operator=(Loop&&) = delete;

    /// The thread's body: returns after leave().
    void run();
    /// From the loop's thread.
    void leave();
    /// From any thread.
    void wake() const;
    [[nodiscard]] event_base* base() const { return base_.get(); }

private:
    static void on_event(int descriptor, short what, void* self);

    std::function<void()> on_wake_;
    std::unique_ptr<event_base, EventFree> base_;
    UniqueFd bell_;
    std::unique_ptr<event, EventFree> ringing_;
};

/// Calls when a descriptor is ready, as long as it lives. May be destroyed inside its own call.
class Watch {
public:
    enum class For { Reading, Writing };
    /// Throws std::bad_alloc.
    Watch(const Loop& loop, int descriptor, For interest, std::function<void()> call);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    Watch(Watch&&) = delete;
    Watch& operator=(Watch&&) = delete;

private:
    static void on_event(int descriptor, short what, void* self);

    std::function<void()> call_;
    std::unique_ptr<event, EventFree> event_;
};

/// Calls at a moment, never before it. May be destroyed or set again inside its own call.
class Alarm {
public:
    Alarm(const Loop& loop, std::function<void()> call);
    ~Alarm();
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;
    Alarm(Alarm&&) = delete;
    Alarm& operator=(Alarm&&) = delete;

    void set(TimePoint when);

private:
    static void on_event(int descriptor, short what, void* self);

    std::function<void()> call_;
    TimePoint when_;
    std::unique_ptr<event, EventFree> event_;
};

}  // namespace postern::dns
