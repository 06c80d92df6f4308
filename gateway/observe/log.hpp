#pragma once

/// @file One JSON object per line, for people and machines: {"time":…,"level":…,"event":…,…}.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "analyzers/base/unique_fd.hpp"

namespace postern::observe {

enum class Level : std::uint8_t { Debug, Info, Warning, Error };
/// "debug", "info", "warning", "error".
[[nodiscard]] std::string_view name(Level level);

/// A JSON value that is written as it is. Only for text that a JSON writer of ours has made.
struct Json {
    std::string_view text;
};
/// JSON null.
struct Null {};

/// One member of a line. Borrows what it is made from: use it only as an argument of line().
class Field {
public:
    using Value = std::variant<Null, std::string_view, std::int64_t, std::uint64_t, double, bool,
                               std::span<const std::string>, Json>;

    Field(std::string_view name, std::string_view what) : key(name), value(what) {}
    Field(std::string_view name, const std::string& what) : Field(name, std::string_view(what)) {}
    Field(std::string_view name, const char* what) : Field(name, std::string_view(what)) {}
    Field(std::string_view name, bool what) : key(name), value(what) {}
    Field(std::string_view name, double what) : key(name), value(what) {}
    Field(std::string_view name, std::span<const std::string> what) : key(name), value(what) {}
    Field(std::string_view name, const std::vector<std::string>& what)
        : Field(name, std::span<const std::string>(what)) {}
    Field(std::string_view name, Json what) : key(name), value(what) {}
    Field(std::string_view name, Null what) : key(name), value(what) {}
    template <class Integer>
    requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>)
        Field(std::string_view name, Integer number)
        : key(name), value(widest(number)) {}

    std::string_view key;
    Value value;

private:
    template <class Integer>
    static auto widest(Integer number) {
        if constexpr (std::is_signed_v<Integer>)
            return static_cast<std::int64_t>(number);
        else
            return static_cast<std::uint64_t>(number);
    }
};

/// The line as it is written, LF included. Strings that are not UTF-8 get U+FFFD for each bad byte;
/// control characters (C1 included) are escaped.
[[nodiscard]] std::string json_line(std::int64_t unix_us, Level level, std::string_view event,
                                    std::span<const Field> fields);

/// Writes lines on a thread of its own: a full pipe or a slow disk never holds up who logs. A line
/// waits kGather at most for others; one write() takes whole lines, several of them only up to
/// PIPE_BUF, so that the lines of several writers do not mix. Thread-safe.
class Log {
public:
    static constexpr std::chrono::milliseconds kGather{2};

    struct Options {
        Level level = Level::Info;
        std::size_t queue = 16384;  ///< lines that wait; beyond it lines are dropped and counted
    };

    /// Takes the descriptor, which is best opened with O_APPEND; stderr is `UniqueFd(dup(2))`.
    explicit Log(UniqueFd descriptor, Options options);
    explicit Log(UniqueFd descriptor) : Log(std::move(descriptor), Options{}) {}
    /// Writes what waits.
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    [[nodiscard]] bool enabled(Level level) const { return level >= options_.level; }
    /// An event is lower_snake_case ("message", "connection_closed"). The message's id is the field
    /// "id".
    void line(Level level, std::string_view event, std::initializer_list<Field> fields);
    void line(Level level, std::string_view event, std::span<const Field> fields);
    /// Waits until everything said so far is written.
    void flush();
    /// Lines lost so far because the queue was full or the descriptor failed. The next line that
    /// finds room is preceded by a "log_lines_dropped".
    [[nodiscard]] std::uint64_t dropped() const;

private:
    void run();
    [[nodiscard]] std::uint64_t write_all(const std::vector<std::string>& lines);

    const Options options_;
    UniqueFd descriptor_;
    mutable std::mutex mutex_;
    std::condition_variable work_;
    std::condition_variable idle_;
    std::vector<std::string> waiting_;
    bool writing_ = false;
    bool hurried_ = false;  ///< somebody waits in flush()
    bool ending_ = false;
    std::uint64_t dropped_ = 0;
    std::uint64_t reported_ = 0;
    std::thread thread_;
};

}  // namespace postern::observe
