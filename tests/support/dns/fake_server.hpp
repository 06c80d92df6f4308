#pragma once

/// @file Starts fake_dns.py for one test and stops it afterwards.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "analyzers/base/unique_fd.hpp"

namespace postern::tests {

/// A folder that goes with the object.
class ScratchFolder {
public:
    ScratchFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "postern-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
        path_ = name;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// A program that ends when its standard input closes, or at SIGTERM.
class ChildProgram {
public:
    explicit ChildProgram(const std::vector<std::string>& words, const std::string& output = {}) {
        std::array<int, 2> in{};
        std::array<int, 2> out{};
        if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) {
            throw std::runtime_error("no pipe");
        }
        const UniqueFd child_in(in[0]);
        const UniqueFd child_out(out[1]);
        to_child_.reset(in[1]);
        from_child_.reset(out[0]);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, child_in.get(), STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, child_out.get(), STDOUT_FILENO);
        if (!output.empty()) {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, output.c_str(),
                                             O_WRONLY | O_CREAT | O_APPEND, 0600);
        }
        std::vector<std::string> owned = words;
        std::vector<char*> argv;
        for (std::string& word : owned) argv.push_back(word.data());
        argv.push_back(nullptr);
        const int failed = posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (failed != 0) throw std::runtime_error("cannot start " + words.front());
    }
    ~ChildProgram() { stop(); }
    ChildProgram(const ChildProgram&) = delete;
    ChildProgram& operator=(const ChildProgram&) = delete;

    void stop() {
        if (pid_ <= 0) return;
        kill(pid_, SIGTERM);
        wait();
    }
    void wait() {
        int status = 0;
        waitpid(pid_, &status, 0);
        pid_ = -1;
    }
    void send(int signal_number) const { kill(pid_, signal_number); }
    /// Up to the end of a line, or of the output.
    [[nodiscard]] std::string read_line() {
        std::string line;
        char c = 0;
        while (read(from_child_.get(), &c, 1) == 1 && c != '\n') line += c;
        return line;
    }

private:
    pid_t pid_ = -1;
    UniqueFd to_child_;
    UniqueFd from_child_;
};

class FakeServer {
public:
    /// `zone` in the grammar of README.md.
    explicit FakeServer(const std::string& zone, std::vector<std::string> options = {}) {
        std::ofstream(folder_.file("zone")) << zone;
        std::vector<std::string> words = {"python3",
                                          POSTERN_SOURCE "/tests/support/dns/fake_dns.py",
                                          folder_.file("zone"),
                                          "--until-eof",
                                          "--log",
                                          folder_.file("log")};
        words.insert(words.end(), options.begin(), options.end());
        program_ = std::make_unique<ChildProgram>(words);
        const std::string line = program_->read_line();
        if (!line.starts_with("ready ")) throw std::runtime_error("fake_dns.py: " + line);
        address_ = line.substr(6);
    }

    [[nodiscard]] const std::string& address() const { return address_; }
    /// Afterwards its port refuses.
    void stop() { program_->stop(); }
    /// How many questions have come, over which transport ("udp ...", "tcp ...") and for what.
    [[nodiscard]] std::size_t asked(const std::string& start = {}) const {
        std::ifstream log(folder_.file("log"));
        std::size_t count = 0;
        for (std::string line; std::getline(log, line);) count += line.starts_with(start) ? 1U : 0U;
        return count;
    }

private:
    ScratchFolder folder_;
    std::unique_ptr<ChildProgram> program_;
    std::string address_;
};

}  // namespace postern::tests
