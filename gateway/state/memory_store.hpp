#pragma once

/// @file "memory:": one process, gone with it. Bounded in bytes.

#include <atomic>
#include <cstdint>
#include <memory>

#include "gateway/state/state.hpp"

namespace postern::state {

/// Kept in parts with a lock each, so that threads seldom meet. When a part is full, the kind of
/// entries ("grey") that takes most room gives up the one that ends first: a flood of one kind
/// cannot push out another, such as bans. Never answers Unavailable.
class MemoryStore final : public State {
public:
    /// What an entry is counted with beside its key and value: nodes, pointers, heap headers.
    static constexpr std::uint64_t kOverhead = 256;
    static constexpr std::size_t kParts = 16;

    /// `max_bytes` is of all parts together; each has an equal share.
    MemoryStore(std::uint64_t max_bytes, Clock clock, AlarmSink alarm);
    ~MemoryStore() override;
    MemoryStore(const MemoryStore&) = delete;
    MemoryStore& operator=(const MemoryStore&) = delete;

    [[nodiscard]] bool may_wait() const override { return false; }
    [[nodiscard]] Outcome<std::optional<std::string>, StateError> get(
        std::string_view key) override;
    [[nodiscard]] Outcome<Done, StateError> put(std::string_view key, std::string_view value,
                                                std::chrono::seconds life) override;
    [[nodiscard]] Outcome<std::string, StateError> put_if_absent(
        std::string_view key, std::string_view value, std::chrono::seconds life) override;
    [[nodiscard]] Outcome<bool, StateError> remove(std::string_view key) override;
    [[nodiscard]] Outcome<std::int64_t, StateError> add(std::string_view key, std::int64_t amount,
                                                        std::chrono::seconds window) override;
    [[nodiscard]] Outcome<std::vector<std::int64_t>, StateError> add_all(
        std::span<const Addition> additions) override;
    [[nodiscard]] Outcome<std::vector<Entry>, StateError> list(std::string_view prefix,
                                                               std::size_t most) override;
    [[nodiscard]] Figures figures() const override;

    /// Forgets everything.
    void clear();

private:
    class Part;
    [[nodiscard]] Part& part_of(std::string_view key) const;
    void tell_full(std::int64_t now);

    const std::uint64_t max_bytes_;
    const Clock clock_;
    const AlarmSink alarm_;
    const std::uint64_t seed_;
    std::unique_ptr<Part[]> parts_;
    std::atomic<std::uint64_t> operations_{0};
    std::atomic<std::int64_t> last_alarm_{0};
};

}  // namespace postern::state
