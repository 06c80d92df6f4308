#pragma once

/// @file The look-ups of one connection or message: counted, bounded in time, any number at once.
///
///     dns::Inquiry inquiry(resolver, {.lookups = 60, .deadline = now + 8s});
///     dns::Pending mx = inquiry.ask({"example.org", RecordType::Mx});
///     dns::Pending a = inquiry.ask({"example.org", RecordType::A});
///     if (mx.wait().found()) ...

#include <functional>
#include <memory>

#include "gateway/dns/resolver.hpp"

namespace postern::dns {

struct Budget {
    std::size_t lookups = 100;  ///< questions in all; the next is answered OverBudget
    std::chrono::milliseconds per_lookup = std::chrono::seconds(3);
    TimePoint deadline = TimePoint::max();  ///< of all
};

/// One question under way. Copyable; wait() may be called often and from any thread.
class Pending {
public:
    struct State;
    explicit Pending(std::shared_ptr<State> state);
    /// Blocks until the answer is there, which is never after the deadline by much.
    [[nodiscard]] const Answer& wait() const;
    [[nodiscard]] bool ready() const;
    /// Calls `done` once with the answer: now if it is there, else on the thread that brings it,
    /// where it must not block.
    void then(std::function<void(const Answer& answer)> done) const;

private:
    std::shared_ptr<State> state_;
};

/// Thread-safe. Asks each question once: the same question again gets the same Pending and counts
/// once.
class Inquiry {
public:
    Inquiry(Resolver& resolver, Budget budget);
    ~Inquiry();
    Inquiry(const Inquiry&) = delete;
    Inquiry& operator=(const Inquiry&) = delete;

    [[nodiscard]] Pending ask(const Question& question);
    [[nodiscard]] Answer lookup(const Question& question) { return ask(question).wait(); }
    [[nodiscard]] std::size_t asked() const;
    [[nodiscard]] TimePoint deadline() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// "4.3.2.1.in-addr.arpa", "....ip6.arpa" (RFC 1035 3.5, RFC 3596 2.5).
[[nodiscard]] std::string reverse_name(const mail::IpAddress& address);
/// The same digits in front of a DNS list's zone: "4.3.2.1.list.example" (RFC 5782 2.1, 2.4).
[[nodiscard]] std::string list_name(const mail::IpAddress& address, std::string_view zone);

}  // namespace postern::dns
