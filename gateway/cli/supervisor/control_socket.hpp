#pragma once

/// @file How `postern signatures` and `postern queue` reach a running `postern serve`: a Unix
/// socket in the state folder, one request line, one answer, closed. Only the user of the
/// supervisor, and root, may open it.

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"

namespace postern::cli {

/// True when a supervisor listens in this folder.
[[nodiscard]] bool supervisor_runs(const std::string& folder);

class ControlSocket {
public:
    /// Called with a request line; keeps `answer` and calls it once, now or later.
    using Answer = std::function<void(const std::string& text)>;
    using Handler = std::function<void(const std::string& request, Answer answer)>;

    /// Binds `folder`/control.sock; replaces one that a killed supervisor left behind, refuses when
    /// another one is alive. The failure is a sentence.
    static Outcome<ControlSocket, std::string> open(const std::string& folder, Handler handler);

    [[nodiscard]] int watch() const { return listener_.get(); }
    /// Takes one waiting client: reads its line (at most 4 KiB, at most a second) and hands it on.
    void accept_one();

private:
    ControlSocket(UniqueFd listener, Handler handler)
        : listener_(std::move(listener)), handler_(std::move(handler)) {}
    UniqueFd listener_;
    Handler handler_;
};

/// The other side: asks a running supervisor. nullopt: none is running for this folder.
[[nodiscard]] std::optional<std::string> ask_supervisor(const std::string& folder,
                                                        const std::string& request,
                                                        std::chrono::milliseconds patience);

}  // namespace postern::cli
