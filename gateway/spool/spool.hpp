#pragma once

/// @file A message while undecided: bytes that nobody else can see or change, in memory while they
/// are few, in an unlinked file when they are many.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/sha256.hpp"
#include "analyzers/base/unique_fd.hpp"

namespace postern::spool {

struct SpoolSettings {
    std::string folder;  ///< for unlinked files; must exist and take O_TMPFILE
    std::uint64_t memory_per_message = std::uint64_t{1} << 20U;  ///< bytes; beyond them a file
    std::uint64_t memory_total = std::uint64_t{512} << 20U;  ///< bytes of all messages in memory
    std::size_t flush_size = std::size_t{256} << 10U;  ///< bytes collected before a write to disk
    std::size_t max_header = std::size_t{256} << 10U;  ///< bytes of the header block kept
};

/// DiskFull: 452 4.3.1. Failed: 451 4.3.0.
enum class SpoolError { DiskFull, Failed };

/// A message that can no longer change.
struct Sealed {
    UniqueFd file;            ///< a sealed memfd, or an unlinked file opened for reading; offset 0
    std::uint64_t size = 0;   ///< bytes
    std::string sha256 = {};  ///< 64 hexadecimal digits
    std::string header = {};  ///< up to and with the empty line, at most max_header bytes
    unsigned hops = 0;        ///< Received fields in `header` (RFC 5321 6.3)
    bool in_memory = true;
    std::shared_ptr<void> memory = {};  ///< the share of memory_total, given back when this goes
};

class Incoming;

/// Sees a message while it comes, in the calls of append() and seal(): must not block and not
/// throw. Either may be empty.
struct Watcher {
    /// Once: the header block with its empty line; without it when the message ends or max_header
    /// is reached before. What then comes is called body.
    std::function<void(std::string_view block)> header;
    /// What stands behind, in pieces as they came.
    std::function<void(std::string_view chunk)> body;
};

/// What the messages of one process share. Thread-safe.
class Spool {
public:
    /// Throws std::runtime_error when the folder cannot hold unlinked files.
    explicit Spool(SpoolSettings settings);

    [[nodiscard]] Incoming open();
    [[nodiscard]] std::uint64_t memory_used() const;

private:
    friend class Incoming;
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

/// One message as it comes. Not thread-safe: while flush() runs on another thread, nothing else is
/// called.
class Incoming {
public:
    /// Continue: go on. FlushFirst: the chunk was taken; call flush() on a thread that may block
    /// before the next append. Errors are kept and told by flush() and seal().
    enum class Next { Continue, FlushFirst };

    ~Incoming();
    Incoming(Incoming&&) noexcept;
    Incoming& operator=(Incoming&&) noexcept;
    Incoming(const Incoming&) = delete;
    Incoming& operator=(const Incoming&) = delete;

    /// Before the first append().
    void watch(Watcher watcher);
    /// Never writes to disk.
    [[nodiscard]] Next append(std::string_view chunk);
    /// Writes what was collected. May block.
    Outcome<Done, SpoolError> flush();
    /// Ends the message. May block when the message is in a file. Call once.
    [[nodiscard]] Outcome<Sealed, SpoolError> seal();

    [[nodiscard]] std::uint64_t size() const;

private:
    friend class Spool;
    struct State;
    explicit Incoming(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace postern::spool
