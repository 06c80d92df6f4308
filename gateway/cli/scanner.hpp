#pragma once

/// @file A private analyzer, and who else is asked, for commands that look at messages.

#include <cstdint>
#include <memory>
#include <string>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "analyzers/host/door.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/transaction/look.hpp"

namespace postern::host {
class Generation;
}

namespace postern::cli {

/// The bytes to scan, and how many.
struct Input {
    UniqueFd file;
    std::uint64_t size = 0;
};

/// One analyzer for the whole command; for one thread.
class Scanner {
public:
    explicit Scanner(const Context& context);
    ~Scanner();
    Scanner(const Scanner&) = delete;
    Scanner& operator=(const Scanner&) = delete;

    /// Loads the signatures. The failure is a sentence.
    [[nodiscard]] Outcome<Done, std::string> start();

    /// An attachment: the jail alone.
    [[nodiscard]] Outcome<transaction::Look, host::DoorFailure> look_at_object(
        const transaction::KnownEnvelope& envelope, const Input& input);
    /// A message. `ask_outside`: senders, checks and lists too; throws when there is no resolver or
    /// a list cannot be used.
    [[nodiscard]] Outcome<transaction::Look, host::DoorFailure> look_at_message(
        const transaction::KnownEnvelope& envelope, const Input& input, bool ask_outside);

private:
    struct Outside;
    void connect();
    [[nodiscard]] Outcome<analyzers::Report, host::DoorFailure> analyze(int file,
                                                                        std::uint64_t size,
                                                                        host::MessageKind kind);

    const Context& context_;
    std::unique_ptr<host::Generation> generation_;
    host::Door door_;
    std::unique_ptr<Outside> outside_;  ///< made when it is first needed
};

}  // namespace postern::cli
