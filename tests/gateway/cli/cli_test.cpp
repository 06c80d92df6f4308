#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "gateway/cli/arguments.hpp"
#include "gateway/cli/supervisor/certificate.hpp"
#include "gateway/cli/supervisor/child.hpp"
#include "gateway/cli/supervisor/control_socket.hpp"
#include "gateway/cli/supervisor/kept_child.hpp"
#include "gateway/cli/supervisor/listeners.hpp"
#include "gateway/cli/supervisor/service_users.hpp"
#include "gateway/cli/supervisor/signature_watch.hpp"

namespace postern::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A folder that goes with its test.
class Folder {
public:
    Folder() {
        std::string pattern = testing::TempDir() + "postern-cli-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

const std::vector<Option> kOptions = {{"to", "ADDRESS", ""}, {"json", "", ""}, {"limit", "N", ""}};

TEST(Arguments, TakesWordsAndOptionsInAnyOrder) {
    const Arguments arguments({"a", "--to", "x", "--json", "--to=y", "-", "--", "--z"}, kOptions);
    EXPECT_EQ(arguments.words(), (std::vector<std::string>{"a", "-", "--z"}));
    EXPECT_EQ(arguments.values("to"), (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(arguments.value("to"), "y");
    EXPECT_TRUE(arguments.has("json"));
    EXPECT_FALSE(arguments.value("limit"));
}

TEST(Arguments, RefusesWhatItDoesNotKnow) {
    const std::vector<std::vector<std::string>> cases = {
        {"--nope"}, {"-x"}, {"--to"}, {"--json=1"}};
    for (const auto& words : cases) {
        EXPECT_THROW(Arguments(words, kOptions), UsageError) << words[0];
    }
}

TEST(Arguments, NumbersHaveBounds) {
    const auto limit = [](const char* text) {
        return Arguments({"--limit", text}, kOptions).number("limit", 1, 10);
    };
    EXPECT_EQ(limit("1"), 1);
    EXPECT_EQ(limit("10"), 10);
    for (const char* bad : {"0", "11", "", "x", "1x", "99999999999999999999"}) {
        EXPECT_THROW((void)limit(bad), UsageError) << bad;
    }
}

TEST(BackOff, DoublesUpToALimitAndBeginsAnewAfterAGoodLife) {
    BackOff back_off;
    BackOff::Clock::time_point now;
    back_off.started(now);
    std::vector<milliseconds> waits;
    for (int i = 0; i < 8; ++i) {
        waits.push_back(back_off.died(now));
        back_off.started(now);
    }
    EXPECT_EQ(waits.front(), milliseconds(100));
    EXPECT_EQ(waits[3], milliseconds(800));
    EXPECT_EQ(waits.back(), milliseconds(1500));
    EXPECT_EQ(back_off.died(now + seconds(2)), milliseconds(100));
}

TEST(Child, HasTheDescriptorsItWasGivenAndNoOthers) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    auto child = Child::start(
        {"/bin/sh", {"-c", "ls /proc/self/fd | tr '\\n' ' ' >&3"}, {writer.get()}, {}});
    ASSERT_TRUE(child);
    writer.reset();
    Child running = std::move(child).value();
    EXPECT_EQ(running.reap(), "exit 0");
    std::array<char, 64> text{};
    const ssize_t got = ::read(reader.get(), text.data(), text.size());
    ASSERT_GT(got, 0);
    // ls itself opens one more to read the folder.
    EXPECT_EQ(std::string(text.data(), static_cast<std::size_t>(got)), "0 1 2 3 4 ");
}

TEST(Child, TellsHowItEnded) {
    auto killed = Child::start({"/bin/sleep", {"60"}, {}, {}});
    ASSERT_TRUE(killed);
    Child sleeper = std::move(killed).value();
    sleeper.signal(SIGKILL);
    EXPECT_EQ(sleeper.reap(), "killed by signal 9");
    const auto missing = Child::start({"/nonexistent", {}, {}, {}});
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().find("/nonexistent"), std::string::npos);
}

TEST(KeptChild, StartsAgainUntilItIsToldToLeave) {
    std::vector<std::string> told;
    KeptChild kept(
        [] {
            return Program{"/bin/false", {}, {}, {}};
        },
        [&](const std::string& sentence) { told.push_back(sentence); });
    const auto now = KeptChild::Clock::now();
    kept.start(now);
    kept.ended(now);
    EXPECT_FALSE(kept.running());
    EXPECT_EQ(kept.due(), now + milliseconds(100));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_NE(told[0].find("exit 1"), std::string::npos);
    kept.start(now);
    kept.leave();
    kept.ended(now);
    EXPECT_FALSE(kept.due());
}

TEST(MemoryFile, CannotBeChanged) {
    const UniqueFd file = memory_file("secret");
    std::array<char, 16> text{};
    EXPECT_EQ(::pread(file.get(), text.data(), text.size(), 0), 6);
    EXPECT_LT(::write(file.get(), "x", 1), 0);
    EXPECT_LT(::ftruncate(file.get(), 0), 0);
}

TEST(ControlSocket, AnswersARequestAndRefusesASecondSupervisor) {
    const Folder folder;
    std::string heard;
    auto opened = ControlSocket::open(folder.path(), [&](const std::string& request, auto answer) {
        heard = request;
        answer("ok " + request + "\n");
    });
    ASSERT_TRUE(opened);
    ControlSocket socket = std::move(opened).value();
    std::optional<std::string> answer;
    std::thread client([&] { answer = ask_supervisor(folder.path(), "hello", seconds(10)); });
    pollfd waiting = {socket.watch(), POLLIN, 0};
    ASSERT_EQ(::poll(&waiting, 1, 10'000), 1);
    socket.accept_one();
    client.join();
    EXPECT_EQ(heard, "hello");
    EXPECT_EQ(answer, "ok hello\n");
    const auto second = ControlSocket::open(folder.path(), [](const auto&, const auto&) {});
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().find("another postern serve"), std::string::npos);
    struct stat facts {};
    ASSERT_EQ(::stat((folder.path() + "/control.sock").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST(ControlSocket, ReplacesOneThatAKilledSupervisorLeft) {
    const Folder folder;
    {
        const auto left = ControlSocket::open(folder.path(), [](const auto&, const auto&) {});
        ASSERT_TRUE(left);
    }
    EXPECT_FALSE(ask_supervisor(folder.path(), "hello", milliseconds(100)));
    EXPECT_TRUE(ControlSocket::open(folder.path(), [](const auto&, const auto&) {}));
}

TEST(SignatureWatch, IsDueOnceTheFilesAreQuiet) {
    const Folder folder;
    SignatureWatch watch({folder.path(), folder.path() + "/not/there.yar"}, milliseconds(500));
    auto now = SignatureWatch::Clock::now();
    watch.read(now);
    EXPECT_FALSE(watch.when());
    std::ofstream(folder.path() + "/a.ndb") << "x";
    watch.read(now);
    EXPECT_FALSE(watch.due(now));
    std::ofstream(folder.path() + "/b.ndb") << "x";
    now += milliseconds(400);
    watch.read(now);
    EXPECT_FALSE(watch.due(now + milliseconds(499)));
    EXPECT_TRUE(watch.due(now + milliseconds(500)));
    EXPECT_FALSE(watch.due(now + seconds(10)));
}

TEST(Certificate, IsMadeOnceAndBelongsToItsKey) {
    const Folder folder;
    const auto files = ensure_certificate(folder.path(), "smtp", "mx.example");
    ASSERT_TRUE(files) << files.error();
    struct stat facts {};
    ASSERT_EQ(::stat(files->key.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    BIO* certificate_file = BIO_new_file(files->certificate.c_str(), "r");
    BIO* key_file = BIO_new_file(files->key.c_str(), "r");
    X509* certificate = PEM_read_bio_X509(certificate_file, nullptr, nullptr, nullptr);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(key_file, nullptr, nullptr, nullptr);
    EXPECT_EQ(X509_check_private_key(certificate, key), 1);
    EXPECT_EQ(X509_check_host(certificate, "mx.example", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
    EVP_PKEY_free(key);
    X509_free(certificate);
    BIO_free(key_file);
    BIO_free(certificate_file);
    const auto written = fs::last_write_time(files->key);
    ASSERT_TRUE(ensure_certificate(folder.path(), "smtp", "mx.example"));
    EXPECT_EQ(fs::last_write_time(files->key), written);
    EXPECT_FALSE(ensure_certificate("/nonexistent", "smtp", "mx.example"));
}

TEST(Listeners, NamesWhatIsWrongWithAnAddress) {
    const auto listener = listen_on("127.0.0.1:0");
    ASSERT_TRUE(listener);
    const std::string endpoint = bound_endpoint(listener->get());
    EXPECT_TRUE(endpoint.starts_with("127.0.0.1:")) << endpoint;
    const auto taken = listen_on(endpoint);
    ASSERT_FALSE(taken);
    EXPECT_NE(taken.error().find(endpoint), std::string::npos);
    EXPECT_FALSE(listen_on("no.such.host:25"));
}

TEST(ServiceUsers, AreChangedOnlyByRootAndOnlyWhereTheyCanRead) {
    const Folder folder;
    settings::Users users;
    users.change = settings::UserSwitch::Never;
    const auto never = service_users(users, {{"/"}, {}, {}});
    ASSERT_TRUE(never);
    EXPECT_FALSE(never->smtp);
    if (::geteuid() != 0) GTEST_SKIP() << "the rest needs root";
    users.change = settings::UserSwitch::Auto;
    const auto switched = service_users(users, {{"/"}, {"/"}, {"/"}});
    ASSERT_TRUE(switched);
    ASSERT_TRUE(switched->smtp && switched->analyzer && switched->web);
    EXPECT_NE(switched->smtp->uid, switched->analyzer->uid);
    EXPECT_EQ(switched->smtp->gid, switched->web->gid);
    ASSERT_EQ(::chmod(folder.path().c_str(), 0700), 0);
    const auto kept = service_users(users, {{folder.path()}, {}, {}});
    ASSERT_TRUE(kept);
    EXPECT_FALSE(kept->smtp);
    EXPECT_NE(kept->warning.find(folder.path()), std::string::npos);
    users.change = settings::UserSwitch::Always;
    EXPECT_FALSE(service_users(users, {{folder.path()}, {}, {}}));
}

}  // namespace
}  // namespace postern::cli
