/// @file Several processes at one store, and processes that are killed.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "analyzers/base/sha256.hpp"
#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

// A store_worker; its output is a file that can be read while it runs.
class Worker {
public:
    Worker(const std::string& what, const std::string& folder, long count, std::string output)
        : output_(std::move(output)) {
        posix_spawn_file_actions_t actions{};
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output_.c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND, 0600);
        std::string program = STORE_WORKER;
        std::string act = what;
        std::string where = folder;
        std::string number = std::to_string(count);
        char* const arguments[] = {program.data(), act.data(), where.data(), number.data(),
                                   nullptr};
        if (::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ) != 0) {
            pid_ = -1;
        }
        ::posix_spawn_file_actions_destroy(&actions);
    }
    ~Worker() {
        if (pid_ > 0) end(SIGKILL);
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    Worker(Worker&&) = delete;
    Worker& operator=(Worker&&) = delete;

    /// Waits for it, after a signal if that is not 0; the exit status, or minus the signal.
    int end(int signal_number = 0) {
        if (signal_number != 0) ::kill(pid_, signal_number);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    /// Waits until it has said `count` lines with that verb; false: it does not work.
    [[nodiscard]] bool wait_for(const std::string& verb, std::size_t count) const {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (said(verb).size() < count) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return true;
    }
    /// Whole lines said so far that begin with `verb`, without it.
    [[nodiscard]] std::vector<std::string> said(const std::string& verb) const {
        std::ifstream in(output_);
        std::vector<std::string> found;
        for (std::string line; std::getline(in, line) && !in.eof();) {
            if (line.starts_with(verb + " ")) found.push_back(line.substr(verb.size() + 1));
        }
        return found;
    }

private:
    std::string output_;
    pid_t pid_ = -1;
};

class ProcessesTest : public ::testing::Test {
protected:
    std::unique_ptr<Store> open(std::chrono::milliseconds leftover_age = std::chrono::hours(1)) {
        const Location location =
            Location::parse("sqlite://" + folder.path() + "/q/quarantine.db").value();
        const auto key = Key::load_or_create(location.key);
        StoreOptions options;
        options.leftover_age = leftover_age;
        auto store = Store::open(location, *key, options);
        if (!store) ADD_FAILURE() << store.error().detail;
        return std::move(store).value();
    }
    std::string output(const std::string& name) { return folder.path() + "/" + name; }

    // The message of a record is whole: its bytes have the digest the record names.
    static bool is_whole(const Store& store, const std::string& id_text) {
        const auto id = QuarantineId::parse(id_text);
        const auto record = store.show(*id);
        auto reader = store.open_message(*id);
        if (!record || !reader) return false;
        MessageReader message = std::move(reader).value();
        const auto bytes = message.read_all(std::size_t{1} << 20);
        return bytes && sha256_hex(as_bytes(*bytes)) == record->summary.sha256 &&
               bytes->size() == record->summary.size;
    }
    Folder folder;
};

TEST_F(ProcessesTest, WhatWasAcknowledgedSurvivesKill9AtAnyInstant) {
    // More rounds find more; the number here keeps the test short.
    const char* const wanted_rounds = std::getenv("POSTERN_KILL_ROUNDS");
    const int rounds = wanted_rounds ? std::atoi(wanted_rounds) : 12;
    std::mt19937 random(4711);
    std::uniform_int_distribution<int> pause(0, 20000);
    const std::string log = output("put.log");
    std::size_t acknowledged = 0;
    for (int round = 0; round < rounds; ++round) {
        SCOPED_TRACE(round);
        Worker worker("put", folder.path(), 0, log);
        // Let it get going, then kill it somewhere inside its work.
        ASSERT_TRUE(worker.wait_for("put", acknowledged + 3));
        std::this_thread::sleep_for(std::chrono::microseconds(pause(random)));
        ASSERT_EQ(worker.end(SIGKILL), -SIGKILL);
        const auto ids = worker.said("put");
        const auto store = open();
        for (std::size_t i = acknowledged; i < ids.size(); ++i) {
            EXPECT_TRUE(is_whole(*store, ids[i])) << ids[i];
        }
        acknowledged = ids.size();
    }
    Worker nobody("none", folder.path(), 0, log);
    const auto store = open();
    const Page page = store->list({.page_size = 1}).value();
    // At most one put in each round was committed and not yet acknowledged.
    EXPECT_GE(page.total, acknowledged);
    EXPECT_LE(page.total, acknowledged + static_cast<std::size_t>(rounds));
    std::set<std::string> owed;
    const auto open_deliveries = store->outbox().list(10000).value();
    for (const Delivery& delivery : open_deliveries) owed.insert(delivery.record.text());
    for (const std::string& id : nobody.said("owed")) EXPECT_TRUE(owed.contains(id)) << id;
}

TEST_F(ProcessesTest, LeftoversOfTheKilledAreSwept) {
    const std::string log = output("put.log");
    for (int round = 0; round < 4; ++round) {
        Worker worker("put", folder.path(), 0, log);
        ASSERT_TRUE(worker.wait_for("put", worker.said("put").size() + 2));
        worker.end(SIGKILL);
    }
    const auto store = open(std::chrono::milliseconds(-2000));  // everything counts as old
    ASSERT_TRUE(store->sweep());
    std::set<std::string> wanted;
    std::string cursor;
    do {
        const Page page = store->list({.page_size = 500, .cursor = cursor}).value();
        for (const Summary& summary : page.records) wanted.insert(summary.sha256);
        cursor = page.next;
    } while (!cursor.empty());
    std::set<std::string> found;
    const std::filesystem::recursive_directory_iterator blobs(folder.path() + "/q/blobs");
    for (const auto& entry : blobs) {
        if (entry.is_regular_file()) found.insert(entry.path().filename());
    }
    EXPECT_EQ(found, wanted);
}

TEST_F(ProcessesTest, WriterReaderAndRunnersWorkAtOnce) {
    constexpr long kPuts = 60;
    constexpr long kOwed = kPuts / 3;
    // All five make the store at the same time.
    Worker first("put", folder.path(), kPuts / 2, output("a.log"));
    Worker second("put", folder.path(), kPuts / 2, output("b.log"));
    Worker reader("read", folder.path(), kPuts, output("c.log"));
    Worker runner("deliver", folder.path(), kOwed, output("d.log"));
    Worker other_runner("deliver", folder.path(), kOwed, output("e.log"));
    EXPECT_EQ(first.end(), 0);
    EXPECT_EQ(second.end(), 0);
    EXPECT_EQ(reader.end(), 0);
    EXPECT_EQ(runner.end(), 0);
    EXPECT_EQ(other_runner.end(), 0);
    std::multiset<std::string> delivered;
    for (const Worker* one : {&runner, &other_runner}) {
        for (const std::string& id : one->said("delivered")) delivered.insert(id);
    }
    EXPECT_EQ(delivered.size(), static_cast<std::size_t>(kOwed));
    EXPECT_EQ(std::set<std::string>(delivered.begin(), delivered.end()).size(),
              static_cast<std::size_t>(kOwed));
    const auto store = open();
    for (const std::string& id : first.said("put")) EXPECT_TRUE(is_whole(*store, id));
    EXPECT_EQ(store->list({})->total, static_cast<std::uint64_t>(kPuts));
}

TEST_F(ProcessesTest, TheClaimOfAKilledRunnerComesBack) {
    Worker writer("put", folder.path(), 3, output("a.log"));
    ASSERT_EQ(writer.end(), 0);
    const auto store = open();
    const auto lost = store->outbox().claim(1, std::chrono::milliseconds(1)).value();
    ASSERT_EQ(lost.size(), 1U);
    // Nobody marks it. Another process gets it once the lease is over.
    Worker runner("deliver", folder.path(), 1, output("d.log"));
    ASSERT_EQ(runner.end(), 0);
    EXPECT_EQ(runner.said("delivered"), (std::vector<std::string>{lost[0].record.text()}));
    EXPECT_EQ(kind_of(store->outbox().mark_delivered(lost[0], "")), "conflict");
}

}  // namespace
}  // namespace postern::quarantine
