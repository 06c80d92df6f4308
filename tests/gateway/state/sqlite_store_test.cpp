#include "gateway/state/sqlite/store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/gateway/state/stores.hpp"

namespace postern::state {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::seconds;

class SqliteStoreTest : public testing::Test {
protected:
    [[nodiscard]] std::string path() const { return folder_.file("state.db"); }

    Outcome<std::unique_ptr<SqliteStore>, StateError> open() {
        SqliteSettings settings;
        settings.path = path();
        settings.max_bytes = max_bytes_;
        settings.timeout = seconds(30);
        settings.may_replace = may_replace_;
        return SqliteStore::open(settings, clock_.clock(), alarms_.sink());
    }
    std::unique_ptr<SqliteStore> must_open() {
        auto store = open();
        if (!store) ADD_FAILURE() << store.error().detail;
        return store ? std::move(store).value() : nullptr;
    }
    void write_over(std::int64_t offset, const std::string& bytes) const {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(offset);
        file << bytes;
    }
    /// A closed file of some hundred pages.
    void make_file() {
        const auto store = must_open();
        for (int i = 0; i < 300; ++i) {
            ASSERT_TRUE(store->put("a:" + std::to_string(i), std::string(1000, 'v'), hours(1)));
        }
    }

    TemporaryFolder folder_;
    ManualClock clock_;
    Alarms alarms_;
    std::uint64_t max_bytes_ = std::uint64_t{64} << 20;
    bool may_replace_ = true;
};

TEST_F(SqliteStoreTest, KeepsEverythingOverARestart) {
    {
        const auto store = must_open();
        ASSERT_TRUE(store->put("ban:1", "value", hours(1)));
        ASSERT_TRUE(store->put("ban:2", "short", seconds(10)));
        ASSERT_TRUE(store->add("n:1", 41, hours(1)));
    }
    clock_.advance(seconds(11));
    const auto store = must_open();
    EXPECT_EQ(store->get("ban:1").value_or({}), "value");
    EXPECT_EQ(store->get("ban:2").value_or("?"), std::nullopt);
    EXPECT_EQ(store->add("n:1", 1, hours(1)).value_or(0), 42);
    EXPECT_EQ(alarms_.count(Alarm::Kind::Replaced), 0U);
    EXPECT_EQ(store->figures().entries, 2U);  // the one that ended went with the commit
}

TEST_F(SqliteStoreTest, TheFileIsForUserAndGroupOnly) {
    const auto store = must_open();
    struct stat status {};
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07007U, 0U);
}

TEST_F(SqliteStoreTest, TwoProcessesShareOneFile) {
    const auto one = must_open();
    const auto other = must_open();  // a store shares nothing with another but the file
    ASSERT_TRUE(one->put("ban:1", "x", hours(1)));
    EXPECT_EQ(other->get("ban:1").value_or({}), "x");
    EXPECT_TRUE(other->remove("ban:1").value_or(false));
    EXPECT_EQ(one->get("ban:1").value_or("?"), std::nullopt);
    for (int i = 1; i <= 50; ++i) {
        EXPECT_EQ(one->add("n:1", 1, hours(1)).value_or(0), 2 * i - 1);
        EXPECT_EQ(other->add("n:1", 1, hours(1)).value_or(0), 2 * i);
    }
}

struct Damage {
    const char* title;
    void (*make)(const std::string& path);
};

void overwrite(const std::string& path, std::streamoff offset, std::size_t size) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(offset);
    file << std::string(size, '\xa5');
}

constexpr Damage kDamages[] = {
    {"no database at all",
     [](const std::string& path) {
         std::ofstream file(path, std::ios::trunc);
         file << std::string(5000, 'x');
     }},
    {"header overwritten", [](const std::string& path) { overwrite(path, 0, 100); }},
    {"a page in the middle overwritten",
     [](const std::string& path) { overwrite(path, 4096 * 20, 4096 * 3); }},
    {"cut in the middle", [](const std::string& path) { fs::resize_file(path, 4096 * 10 + 77); }},
    {"cut behind the first page", [](const std::string& path) { fs::resize_file(path, 4096); }},
    {"another program's tables", [](const std::string& path) { overwrite(path, 100, 3000); }},
};

TEST_F(SqliteStoreTest, ADamagedFileIsMovedAsideAndAFreshOneBegun) {
    for (const Damage& damage : kDamages) {
        SCOPED_TRACE(damage.title);
        fs::remove(path() + ".corrupt");
        make_file();
        damage.make(path());
        const std::size_t before = alarms_.count(Alarm::Kind::Replaced);
        {
            const auto store = must_open();
            ASSERT_TRUE(store);
            EXPECT_EQ(alarms_.count(Alarm::Kind::Replaced), before + 1);
            EXPECT_TRUE(fs::exists(path() + ".corrupt"));
            EXPECT_EQ(store->get("a:1").value_or("?"), std::nullopt);
            EXPECT_TRUE(store->put("a:1", "fresh", hours(1)));
        }
        const auto again = must_open();
        EXPECT_EQ(again->get("a:1").value_or({}), "fresh");
        EXPECT_EQ(alarms_.count(Alarm::Kind::Replaced), before + 1);
        ASSERT_TRUE(again->remove("a:1"));
    }
    EXPECT_NE(alarms_.text(Alarm::Kind::Replaced).find(".corrupt"), std::string::npos);
}

TEST_F(SqliteStoreTest, AnEmptyFileIsAFreshOne) {
    make_file();
    fs::resize_file(path(), 0);
    const auto store = must_open();
    EXPECT_TRUE(store->put("a:1", "x", hours(1)));
}

TEST_F(SqliteStoreTest, ADamagedLogCostsOnlyWhatItHeld) {
    { const auto store = must_open(); }
    std::ofstream(path() + "-wal") << std::string(20'000, '\xa5');
    const auto store = must_open();
    EXPECT_TRUE(store->put("a:1", "x", hours(1)));
    EXPECT_EQ(store->get("a:1").value_or({}), "x");
}

TEST_F(SqliteStoreTest, AToolDoesNotReplaceADamagedFile) {
    make_file();
    overwrite(path(), 0, 100);
    may_replace_ = false;
    const auto store = open();
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().fault, StateFault::Unavailable);
    EXPECT_FALSE(fs::exists(path() + ".corrupt"));
}

TEST_F(SqliteStoreTest, DamageFoundInUseIsMendedWithoutARestart) {
    max_bytes_ = std::uint64_t{256} << 20;
    make_file();
    const auto store = must_open();
    ASSERT_TRUE(store->put("b:1", "x", hours(1)));
    // Every page but the first, in the file and in its log: cached pages apart, all is garbage.
    overwrite(path(), 4096, fs::file_size(path()) - 4096);
    EXPECT_TRUE(eventually([&] {
        for (int i = 0; i < 300; ++i) static_cast<void>(store->get("a:" + std::to_string(i)));
        static_cast<void>(store->add("n:1", 1, hours(1)));
        return alarms_.count(Alarm::Kind::Replaced) > 0;
    }));
    EXPECT_TRUE(store->put("a:1", "fresh", hours(1)));
    EXPECT_EQ(store->get("a:1").value_or({}), "fresh");
    EXPECT_TRUE(fs::exists(path() + ".corrupt"));
}

TEST_F(SqliteStoreTest, AFileThatIsDeletedInUseIsBegunAnew) {
    const auto store = must_open();
    ASSERT_TRUE(store->put("a:1", "x", hours(1)));
    for (const char* part : {"", "-wal", "-shm"}) fs::remove(path() + part);
    EXPECT_TRUE(eventually([&] { return alarms_.count(Alarm::Kind::Replaced) > 0; }));
    EXPECT_TRUE(eventually([&] { return fs::exists(path()); }));
    EXPECT_TRUE(store->put("a:2", "y", hours(1)));
    EXPECT_EQ(must_open()->get("a:2").value_or({}), "y");
}

TEST_F(SqliteStoreTest, SaysWhatIsWrongWithAPlaceThatCannotBeUsed) {
    SqliteSettings settings;
    settings.path = folder_.file("none/state.db");
    const auto missing = SqliteStore::open(settings, clock_.clock(), nullptr);
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().detail.find(settings.path), std::string::npos);
    settings.path = folder_.path();
    EXPECT_FALSE(SqliteStore::open(settings, clock_.clock(), nullptr));
    fs::create_directory(folder_.file("folder.db"));
    settings.path = folder_.file("folder.db");
    EXPECT_FALSE(SqliteStore::open(settings, clock_.clock(), nullptr));
}

TEST_F(SqliteStoreTest, RefusesAFileOfANewerVersion) {
    make_file();
    // user_version is 4 bytes at 60 of the header, most significant first.
    write_over(60, std::string("\0\0\0\x02", 4));
    const auto store = open();
    ASSERT_FALSE(store);
    EXPECT_NE(store.error().detail.find("newer version"), std::string::npos);
    EXPECT_FALSE(fs::exists(path() + ".corrupt"));
}

TEST_F(SqliteStoreTest, WhatHasEndedIsDeletedInSmallSteps) {
    const auto store = must_open();
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(store->put("a:" + std::to_string(i), "x", seconds(5)));
    }
    EXPECT_EQ(store->figures().entries, 200U);
    clock_.advance(seconds(6));
    ASSERT_TRUE(store->put("b:1", "x", hours(1)));
    EXPECT_GT(store->figures().entries, 150U);  // one commit deletes only a few
    EXPECT_TRUE(eventually([&] { return store->figures().entries == 1U; }));
    EXPECT_EQ(store->figures().evicted, 0U);
}

TEST_F(SqliteStoreTest, StaysNearItsBoundAndKeepsTheOtherKinds) {
    max_bytes_ = std::uint64_t{1} << 20;
    const auto store = must_open();
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(store->put("ban:" + std::to_string(i), "x", hours(1)));
    }
    for (int i = 0; i < 6000; ++i) {
        ASSERT_TRUE(store->put("grey:" + std::to_string(i), std::string(400, 'v'), hours(24)));
    }
    EXPECT_TRUE(eventually([&] { return store->figures().bytes <= max_bytes_; }));
    EXPECT_GT(store->figures().evicted, 1000U);
    EXPECT_EQ(alarms_.count(Alarm::Kind::Full), 1U);
    EXPECT_LT(fs::file_size(path()), 2 * max_bytes_);
    for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(store->get("ban:" + std::to_string(i)).value_or({})) << i;
    }
    EXPECT_TRUE(store->get("grey:5999").value_or({}));  // those that end last stay
}

}  // namespace
}  // namespace postern::state
