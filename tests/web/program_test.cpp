// The program itself: settings and descriptors come in, a listener goes out, and it ends with
// whoever started it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/web/certificate.hpp"
#include "tests/web/running_api.hpp"

namespace postern::web_tests {
namespace {

using nlohmann::json;

UniqueFd memory_file(const std::string& text) {
    UniqueFd file(::memfd_create("settings", MFD_CLOEXEC));
    EXPECT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    return file;
}

/// postern-web with settings as descriptor 3, control as 4, a listening socket as 5, key as 6.
class ProgramTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::filesystem::create_directories(folder_.path() + "/app");
        std::ofstream(folder_.path() + "/app/index.html") << "<!doctype html>page";
        auto listener = web::listen_on("127.0.0.1:0");
        ASSERT_TRUE(listener);
        listener_ = std::move(listener).value();
        endpoint_ = web::local_endpoint(listener_.get());
        std::array<int, 2> pair = {};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()), 0);
        control_ = UniqueFd(pair[0]);
        theirs_ = UniqueFd(pair[1]);
    }
    void TearDown() override {
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
        }
    }
    json settings() {
        const Certificate certificate = make_certificate();
        return {{"listen_fd", 5},
                {"control_fd", 4},
                {"app", folder_.path() + "/app"},
                {"certificate_pem", certificate.certificate},
                {"key_pem", certificate.key},
                {"quarantine", {{"url", "sqlite://" + folder_.path() + "/q.db"}, {"key_fd", 6}}}};
    }
    void start(const std::string& text) {
        const UniqueFd document = memory_file(text);
        const UniqueFd key = memory_file(std::string(32, 'k'));
        const std::array<int, 4> mine = {document.get(), theirs_.get(), listener_.get(), key.get()};
        child_ = ::fork();
        if (child_ == 0) {
            // First out of the way of the numbers they shall get.
            std::array<int, 4> high = {};
            for (std::size_t i = 0; i < mine.size(); ++i) {
                high.at(i) = ::fcntl(mine.at(i), F_DUPFD_CLOEXEC, 100);
            }
            for (std::size_t i = 0; i < mine.size(); ++i) {
                ::dup2(high.at(i), static_cast<int>(i) + 3);
            }
            const std::string program = std::string(POSTERN_BIN) + "/postern-web";
            ::execl(program.c_str(), "postern-web", "--settings-fd", "3", nullptr);
            ::_exit(127);
        }
        theirs_.reset();
        listener_.reset();
    }
    /// Blocks until the program says so; false: it ended instead.
    bool ready() {
        char letter = 0;
        return ::read(control_.get(), &letter, 1) == 1 && letter == 'R';
    }
    int exit_code() {
        int status = 0;
        ::waitpid(child_, &status, 0);
        child_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    Answer ask(const std::string& target) {
        TlsClient client(endpoint_);
        client.send(request_text("GET", target));
        return client.read().value_or(Answer{});
    }

    TemporaryFolder folder_;
    UniqueFd listener_;
    UniqueFd control_;
    UniqueFd theirs_;
    std::string endpoint_;
    pid_t child_ = -1;
};

TEST_F(ProgramTest, ServesPageAndApiOnAnInheritedSocket) {
    start(settings().dump());
    ASSERT_TRUE(ready());
    EXPECT_EQ(ask("/").body, "<!doctype html>page");
    EXPECT_EQ(ask("/api/v1/session").status, 401);
    EXPECT_EQ(ask("/api/v1x").status, 404);
    EXPECT_EQ(ask("/nothing").status, 404);
    EXPECT_EQ(ask("/q.db").status, 404);
}

TEST_F(ProgramTest, EndsOnSigterm) {
    start(settings().dump());
    ASSERT_TRUE(ready());
    ::kill(child_, SIGTERM);
    EXPECT_EQ(exit_code(), 0);
}

TEST_F(ProgramTest, EndsWhenItsSupervisorIsGone) {
    start(settings().dump());
    ASSERT_TRUE(ready());
    control_.reset();
    EXPECT_EQ(exit_code(), 0);
}

TEST_F(ProgramTest, WrongSettingsAreAConfigurationError) {
    start("{}");
    EXPECT_FALSE(ready());
    EXPECT_EQ(exit_code(), 78);
}

TEST_F(ProgramTest, AMissingPageIsSaidBeforeItServes) {
    json without = settings();
    without["app"] = folder_.path() + "/nowhere";
    start(without.dump());
    EXPECT_FALSE(ready());
    EXPECT_EQ(exit_code(), 2);
}

}  // namespace
}  // namespace postern::web_tests
