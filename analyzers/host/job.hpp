#pragma once

/// @file What a worker is told of its one message beside the bytes: packed by Door, read by worker.

#include <cstdint>
#include <optional>

#include "analyzers/api/limits.hpp"
#include "sandbox/control.hpp"

namespace postern::host {

/// Message: an e-mail. Object: a file, whatever it is.
enum class MessageKind : std::uint8_t { Message, Object };

struct JobParameters {
    MessageKind kind = MessageKind::Message;
    analyzers::Limits limits;

    friend bool operator==(const JobParameters&, const JobParameters&) = default;
};

[[nodiscard]] sandbox::Parameters pack(const JobParameters& job);
/// nullopt: another version, or no such kind.
[[nodiscard]] std::optional<JobParameters> unpack(const sandbox::Parameters& packed);

/// Exit codes of a worker that got as far as its message.
enum class WorkerExit : int {
    Done = 0,        ///< the report is whole
    BadJob = 20,     ///< parameters of another version
    NoMessage = 21,  ///< the message could not be mapped
    NoReport = 22,   ///< nobody reads the report
    OutOfMemory = 23,
};

}  // namespace postern::host
