#pragma once

/// @file Next hops for tests: postern-sink and Postfix's smtp-sink as processes, and one that does
/// exactly what a test says.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "analyzers/base/unique_fd.hpp"

namespace postern::testing_support {

/// A folder that goes away with its contents.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// A child process that is killed in the end.
class Child {
public:
    /// `output`: becomes its standard output; -1: /dev/null.
    Child(const std::vector<std::string>& command, int output);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

private:
    pid_t pid_ = -1;
};

/// postern-sink on a port that it picks.
class Sink {
public:
    explicit Sink(const std::vector<std::string>& options = {});
    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// With --starttls: the PEM file of its certificate, which is made out to "sink.test".
    [[nodiscard]] std::string certificate() const { return folder_.path() + "/certificate.pem"; }
    /// Messages by number, whole ones only.
    [[nodiscard]] std::map<int, std::string> messages() const { return files(".eml"); }
    [[nodiscard]] std::map<int, std::string> envelopes() const { return files(".envelope"); }

private:
    [[nodiscard]] std::map<int, std::string> files(const std::string& extension) const;

    TemporaryFolder folder_;
    UniqueFd output_;
    std::optional<Child> child_;
    std::uint16_t port_ = 0;
};

/// One connection as a scripted hop sees it.
class Peer {
public:
    explicit Peer(UniqueFd descriptor) : descriptor_(std::move(descriptor)) {}
    /// The next line without CRLF; "" at the end of the connection.
    std::string line();
    /// The other side has closed.
    [[nodiscard]] bool gone() const { return gone_; }
    void say(std::string_view bytes) const;
    /// Waits until all that was said has reached the other side's kernel: a machine under load
    /// delivers even on loopback some time after send() has returned.
    void wait_until_taken() const;
    /// Waits until the other side closes.
    void wait_for_end();
    /// Greets and answers EHLO with these extensions ("250-X\r\n" each).
    void greet(const std::string& extensions = "");

private:
    UniqueFd descriptor_;
    bool gone_ = false;
    std::string input_;
};

/// Accepts `behaviours.size()` connections, one after the other, and treats each as its own says.
class ScriptedHop {
public:
    using Behaviour = std::function<void(Peer& peer)>;
    explicit ScriptedHop(std::vector<Behaviour> behaviours);
    ~ScriptedHop();
    ScriptedHop(const ScriptedHop&) = delete;
    ScriptedHop& operator=(const ScriptedHop&) = delete;
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    std::uint16_t port_ = 0;  // first: making the listener sets it
    UniqueFd listener_;
    std::thread thread_;
};

/// A socket that listens on a port of the loopback address, and that port.
UniqueFd listen_on_loopback(std::uint16_t& port, int backlog = 16);

/// An unlinked file with these bytes.
UniqueFd file_with(std::string_view bytes);

}  // namespace postern::testing_support
