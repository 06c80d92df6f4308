#pragma once

/// @file "sqlite:": one file, kept over restarts, shared by the processes of one machine.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "gateway/state/sqlite/writer.hpp"
#include "gateway/state/state.hpp"

namespace postern::state {

/// A change that was answered survives a kill at any instant; a power cut may take the last moments
/// and leaves the file whole. Changes go through the writing thread (SqliteWriter); reading goes
/// past it, on sessions of its own. A file that is damaged, at the start or in use, is kept as
/// "<path>.corrupt" and a fresh one begun, with an alarm.
class SqliteStore final : public State {
public:
    static constexpr std::size_t kMaxReaders = 8;  ///< sessions kept for reading

    /// Fails when the file cannot be used for another reason than damage.
    [[nodiscard]] static Outcome<std::unique_ptr<SqliteStore>, StateError> open(
        const SqliteSettings& settings, Clock clock, AlarmSink alarm);
    ~SqliteStore() override;
    SqliteStore(const SqliteStore&) = delete;
    SqliteStore& operator=(const SqliteStore&) = delete;

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

private:
    struct Reader {
        std::unique_ptr<SqliteEntries> entries;
        std::uint64_t generation = 0;
    };

    SqliteStore(const SqliteSettings& settings, const Clock& clock, AlarmSink alarm);

    template <class T, class Body>
    Outcome<T, StateError> write(Body body);
    template <class T, class Body>
    Outcome<T, StateError> read(Body body);
    Reader borrow();
    void give_back(Reader reader);
    StateError error(const SqliteError& failure);

    const Clock clock_;
    SqliteWriter writer_;
    std::mutex readers_mutex_;
    std::vector<Reader> readers_;  // guarded by readers_mutex_; closed before the writer's session
    std::atomic<std::uint64_t> operations_{0};
    std::atomic<std::uint64_t> errors_{0};
};

}  // namespace postern::state
