#pragma once

/// @file All DNS lists of the configuration: asked in parallel, tested, suspended.

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "gateway/dns/inquiry.hpp"
#include "gateway/reputation/dns_list.hpp"
#include "gateway/reputation/listing.hpp"

namespace postern::reputation {

/// Thread-safe. A list that has not passed its tests is not asked: its answer is Unknown.
class DnsLists {
public:
    /// Called from threads of the resolver; must not block.
    using AlarmHook = std::function<void(const Alarm& alarm)>;
    using Done = std::function<void(ListAnswer answer)>;

    DnsLists(std::vector<DnsList> lists, dns::Resolver& resolver, AlarmHook alarm);
    ~DnsLists();
    DnsLists(const DnsLists&) = delete;
    DnsLists& operator=(const DnsLists&) = delete;

    /// Starts the questions that ask() with the same inquiry will wait for. Never blocks.
    void prefetch(const std::vector<Subject>& subjects, dns::Inquiry& inquiry) const;
    /// Waits for all answers, no longer than the inquiry's budget.
    [[nodiscard]] ListAnswer ask(const std::vector<Subject>& subjects, dns::Inquiry& inquiry) const;
    /// The same without waiting: `done` is called once, at `deadline` at the latest, from a thread
    /// of the resolver or before this returns.
    void ask(const std::vector<Subject>& subjects, dns::TimePoint deadline, Done done) const;

    /// Starts a round of tests of every list; those still under way are not started again.
    void test(std::chrono::milliseconds patience);
    /// Lists that look ill: many answers in a row that could not be had, or that all were listings.
    /// They are tested at once instead of at the next round.
    void test_suspects(std::chrono::milliseconds patience);
    /// True while a test waits for answers.
    [[nodiscard]] bool testing() const;

    [[nodiscard]] bool empty() const;
    [[nodiscard]] std::vector<ListFigures> figures() const;

    /// Answers in a row before a list is a suspect.
    static constexpr unsigned kUnknownStreak = 10;
    static constexpr unsigned kListedStreak = 25;

private:
    struct State;
    std::shared_ptr<State> state_;  ///< shared with answers that come after our end
};

}  // namespace postern::reputation
