#include "tests/gateway/relay/hops.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <signal.h>

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "tests/support/data_files.hpp"

namespace postern::testing_support {
namespace {

void demand(bool done, const char* what) {
    if (!done) throw std::runtime_error(what);
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "postern-relay-XXXXXX").string();
    demand(::mkdtemp(name.data()) != nullptr, "mkdtemp");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Child::Child(const std::vector<std::string>& command, int output) {
    std::vector<std::string> words = command;
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    demand(pid_ >= 0, "fork");
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is killed leaves nobody behind
        const int target = output >= 0 ? output : ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        ::dup2(target, STDOUT_FILENO);
        ::execv(arguments.front(), arguments.data());
        ::_exit(127);
    }
}

Child::~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

Sink::Sink(const std::vector<std::string>& options) {
    std::array<int, 2> ends{};
    demand(::pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
    output_.reset(ends[0]);
    const UniqueFd writer(ends[1]);
    std::vector<std::string> command{POSTERN_BIN "/postern-sink", "--folder", folder_.path()};
    command.insert(command.end(), options.begin(), options.end());
    child_.emplace(command, writer.get());
    std::string said;
    while (said.find('\n') == std::string::npos) {
        std::array<char, 128> buffer{};
        const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
        demand(got > 0, "postern-sink says nothing");
        said.append(buffer.data(), static_cast<std::size_t>(got));
    }
    port_ = static_cast<std::uint16_t>(std::stoul(said.substr(said.rfind(':') + 1)));
}

std::map<int, std::string> Sink::files(const std::string& extension) const {
    std::map<int, std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
        if (entry.path().extension() == extension) {
            found[std::stoi(entry.path().stem().string())] = read_file(entry.path());
        }
    }
    return found;
}

std::string Peer::line() {
    for (;;) {
        const std::size_t end = input_.find("\r\n");
        if (end != std::string::npos) {
            std::string line = input_.substr(0, end);
            input_.erase(0, end + 2);
            return line;
        }
        std::array<char, 4096> buffer{};
        const ssize_t got = ::recv(descriptor_.get(), buffer.data(), buffer.size(), 0);
        gone_ = got <= 0;
        if (gone_) return "";
        input_.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

void Peer::say(std::string_view bytes) const {
    [[maybe_unused]] const ssize_t sent =
        ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void Peer::wait_until_taken() const {
    int waiting = 0;
    while (::ioctl(descriptor_.get(), SIOCOUTQ, &waiting) == 0 && waiting > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void Peer::wait_for_end() {
    std::array<char, 4096> buffer{};
    while (::recv(descriptor_.get(), buffer.data(), buffer.size(), 0) > 0) {
    }
}

void Peer::greet(const std::string& extensions) {
    say("220 hop\r\n");
    line();
    say("250-hop\r\n" + extensions + "250 ENHANCEDSTATUSCODES\r\n");
}

UniqueFd listen_on_loopback(std::uint16_t& port, int backlog) {
    UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    void* generic = &address;
    auto* const name = static_cast<sockaddr*>(generic);
    socklen_t size = sizeof(address);
    demand(::bind(listener.get(), name, size) == 0 && ::listen(listener.get(), backlog) == 0 &&
               ::getsockname(listener.get(), name, &size) == 0,
           "listen");
    port = ntohs(address.sin_port);
    return listener;
}

ScriptedHop::ScriptedHop(std::vector<Behaviour> behaviours) : listener_(listen_on_loopback(port_)) {
    thread_ = std::thread([this, script = std::move(behaviours)] {
        for (const Behaviour& behave : script) {
            UniqueFd descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!descriptor) return;
            Peer peer(std::move(descriptor));
            behave(peer);
        }
    });
}

ScriptedHop::~ScriptedHop() {
    ::shutdown(listener_.get(), SHUT_RDWR);  // ends an accept() that nobody has met
    thread_.join();
}

UniqueFd file_with(std::string_view bytes) {
    UniqueFd file(::memfd_create("message", MFD_CLOEXEC));
    demand(::write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
           "write");
    return file;
}

}  // namespace postern::testing_support
