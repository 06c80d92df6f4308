#pragma once

/// @file A State that fails when a test says so, and else is a MemoryStore.

#include <atomic>

#include "gateway/state/memory_store.hpp"

namespace postern::state {

class ScriptedState final : public State {
public:
    explicit ScriptedState(Clock clock)
        : store_(std::uint64_t{16} << 20, std::move(clock), nullptr) {}

    void fail(bool failing) { failing_ = failing; }
    [[nodiscard]] std::uint64_t calls() const { return calls_; }
    [[nodiscard]] MemoryStore& inner() { return store_; }

    Outcome<std::optional<std::string>, StateError> get(std::string_view key) override {
        if (fails()) return Failure{error()};
        return store_.get(key);
    }
    Outcome<Done, StateError> put(std::string_view key, std::string_view value,
                                  std::chrono::seconds life) override {
        if (fails()) return Failure{error()};
        return store_.put(key, value, life);
    }
    Outcome<std::string, StateError> put_if_absent(std::string_view key, std::string_view value,
                                                   std::chrono::seconds life) override {
        if (fails()) return Failure{error()};
        return store_.put_if_absent(key, value, life);
    }
    Outcome<bool, StateError> remove(std::string_view key) override {
        if (fails()) return Failure{error()};
        return store_.remove(key);
    }
    Outcome<std::int64_t, StateError> add(std::string_view key, std::int64_t amount,
                                          std::chrono::seconds window) override {
        if (fails()) return Failure{error()};
        return store_.add(key, amount, window);
    }
    Outcome<std::vector<std::int64_t>, StateError> add_all(
        std::span<const Addition> additions) override {
        if (fails()) return Failure{error()};
        return store_.add_all(additions);
    }
    Outcome<std::vector<Entry>, StateError> list(std::string_view prefix,
                                                 std::size_t most) override {
        if (fails()) return Failure{error()};
        return store_.list(prefix, most);
    }
    Figures figures() const override { return store_.figures(); }

private:
    bool fails() {
        ++calls_;
        return failing_;
    }
    static StateError error() { return {"scripted failure"}; }

    MemoryStore store_;
    std::atomic<bool> failing_{false};
    std::atomic<std::uint64_t> calls_{0};
};

}  // namespace postern::state
