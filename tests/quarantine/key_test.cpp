#include "quarantine/key.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

void write_file(const std::string& path, const std::string& bytes, mode_t mode = 0600) {
    std::ofstream(path, std::ios::binary) << bytes;
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
}

TEST(Key, IsMadeOnceAndReadAgain) {
    const Folder folder;
    const std::string path = folder.path() + "/new/quarantine.key";
    const mode_t before = ::umask(0);
    const auto made = Key::load_or_create(path);
    ::umask(before);
    ASSERT_TRUE(made) << made.error().detail;
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    EXPECT_EQ(status.st_size, 32);
    const auto again = Key::load_or_create(path);
    ASSERT_TRUE(again);
    EXPECT_EQ(made->bytes(), again->bytes());
    EXPECT_NE(made->bytes(), key_of(0).bytes());
    // Nothing else is left in the folder.
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path() + "/new"), {}), 1);
}

TEST(Key, IsTheSameForAllWhoStartAtOnce) {
    const Folder folder;
    const std::string path = folder.path() + "/quarantine.key";
    std::vector<std::string> seen(8);
    {
        std::vector<std::jthread> threads;
        for (std::string& mine : seen) {
            threads.emplace_back([&mine, &path] {
                if (auto key = Key::load_or_create(path)) {
                    for (const std::byte b : key->bytes()) mine += static_cast<char>(b);
                }
            });
        }
    }
    for (const std::string& one : seen) {
        EXPECT_EQ(one.size(), 32U);
        EXPECT_EQ(one, seen.front());
    }
}

TEST(Key, RefusesAFileThatIsNoKey) {
    const Folder folder;
    const struct {
        const char* title;
        std::string bytes;
        mode_t mode;
    } cases[] = {
        {"too short", std::string(31, 'k'), 0600},
        {"too long", std::string(33, 'k'), 0600},
        {"empty", "", 0600},
        {"readable by everybody", std::string(32, 'k'), 0644},
        {"writable by everybody", std::string(32, 'k'), 0602},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const std::string path = folder.path() + "/key";
        write_file(path, c.bytes, c.mode);
        EXPECT_EQ(kind_of(Key::load_or_create(path)), "invalid");
    }
    write_file(folder.path() + "/key", std::string(32, 'k'), 0640);
    EXPECT_TRUE(Key::load_or_create(folder.path() + "/key"));
}

TEST(Key, ComesFromADescriptorWhateverItsOffset) {
    const Folder folder;
    write_file(folder.path() + "/key", std::string(32, 'k'));
    const UniqueFd file(::open((folder.path() + "/key").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::lseek(file.get(), 9, SEEK_SET), 9);
    const auto key = Key::from_fd(file.get());
    ASSERT_TRUE(key);
    EXPECT_EQ(key->bytes(), key_of('k').bytes());
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 9);
    EXPECT_EQ(kind_of(Key::from_fd(-1)), "io");
}

}  // namespace
}  // namespace postern::quarantine
