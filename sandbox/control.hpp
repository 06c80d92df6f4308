#pragma once

/// @file What the jail and those outside it say to each other: structs of fixed size over
/// SOCK_SEQPACKET, descriptors beside some of them. Nothing is parsed but a kind and a size.
///
/// Supervision channel (supervisor and zygote): Client with a channel, Drain down; Ready, Failed
/// up. Client channel (gateway and zygote): Start with two descriptors, Cancel down; Started,
/// Ended, Refused up.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sandbox/descriptor.hpp"
#include "sandbox/ending.hpp"

namespace postern::sandbox {

inline constexpr std::size_t kParameterBytes = 128;
using Parameters = std::array<std::byte, kParameterBytes>;
inline constexpr std::size_t kLongestText = std::size_t{16} << 10;

enum class Kind : std::uint32_t {
    Start = 1,
    Cancel,
    Drain,
    Client,
    Ready,
    Failed,
    Started,
    Ended,
    Refused
};

/// With two descriptors: the message (read by pread or mmap only) and the report (write end).
struct Start {
    Kind kind = Kind::Start;
    std::uint32_t wall_ms = 0;   ///< until SIGKILL
    std::uint64_t job = 0;       ///< chosen by the client, unique on its channel
    std::uint64_t size = 0;      ///< of the message, bytes
    Parameters parameters = {};  ///< for the workload; the jail does not look at them
};
struct Cancel {
    Kind kind = Kind::Cancel;
    std::uint32_t unused = 0;
    std::uint64_t job = 0;
};
/// No new jobs; the zygote ends with its last worker.
struct Drain {
    Kind kind = Kind::Drain;
};
/// With one descriptor: the zygote's end of a new client channel.
struct Client {
    Kind kind = Kind::Client;
};
/// The zygote serves. `text`: what the workload said of itself when it was prepared.
struct Ready {
    Kind kind = Kind::Ready;
    std::string text;
};
/// It does not, and ends. `text`: why, a sentence.
struct Failed {
    Kind kind = Kind::Failed;
    std::string text;
};
struct Started {
    Kind kind = Kind::Started;
    std::uint32_t idle = 0;  ///< prepared workers left
    std::uint64_t job = 0;
};
struct Ended {
    Kind kind = Kind::Ended;
    Cause cause = Cause::Finished;
    std::int32_t value = 0;
    std::uint32_t max_rss_kb = 0;
    std::uint64_t job = 0;
    std::uint64_t cpu_us = 0;
};
enum class Refusal : std::uint32_t { Busy, Draining, Malformed, NoWorker };
struct Refused {
    Kind kind = Kind::Refused;
    Refusal why = Refusal::Busy;
    std::uint64_t job = 0;
};

using Message = std::variant<Start, Cancel, Drain, Client, Ready, Failed, Started, Ended, Refused>;

/// Sends one message with these descriptors (at most two); texts are cut to kLongestText. False:
/// the other side is gone, or `wait` is false and its queue is full.
[[nodiscard]] bool send(int channel, const Message& message,
                        const std::vector<int>& descriptors = {}, bool wait = true);

struct Received {
    Message message;
    std::vector<Descriptor> descriptors;  ///< as many as the kind has; never others
};
enum class ReceiveError : std::uint8_t {
    Nothing,    ///< the socket does not block and has no message
    Closed,     ///< the other side is gone
    Malformed,  ///< unknown kind, wrong size, wrong number of descriptors: message dropped
};
/// Takes one message.
[[nodiscard]] std::variant<Received, ReceiveError> receive(int channel);

/// Takes one Start and its two descriptors, for a worker: no heap, little stack. False: anything
/// else.
[[nodiscard]] bool receive_start(int channel, Start& start, std::array<int, 2>& descriptors);

/// A connected SOCK_SEQPACKET pair, close-on-exec; nullopt: no descriptors left.
[[nodiscard]] std::optional<std::array<Descriptor, 2>> channel_pair();

}  // namespace postern::sandbox
