#include "gateway/spool/spool.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace postern::spool {
namespace {

std::string content_of(const Sealed& sealed) {
    std::string bytes(sealed.size + 10, '\0');
    const ssize_t got = ::pread(sealed.file.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
}

std::string digest_of(const std::string& bytes) {
    return sha256_hex(as_bytes(bytes));
}

class SpoolTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = ::testing::TempDir() + "spool-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override {
        EXPECT_TRUE(std::filesystem::is_empty(folder_)) << "files are unlinked from the start";
        std::filesystem::remove_all(folder_);
    }
    [[nodiscard]] SpoolSettings settings() const {
        SpoolSettings settings;
        settings.folder = folder_;
        settings.memory_per_message = 1000;
        settings.memory_total = 2500;
        settings.flush_size = 300;
        settings.max_header = 200;
        return settings;
    }
    /// Appends in pieces of 64 bytes and flushes whenever asked to.
    static Outcome<Sealed, SpoolError> store(Spool& spool, const std::string& bytes) {
        Incoming incoming = spool.open();
        for (std::size_t at = 0; at < bytes.size(); at += 64) {
            const auto next = incoming.append(std::string_view(bytes).substr(at, 64));
            if (next == Incoming::Next::FlushFirst) (void)incoming.flush();
        }
        EXPECT_EQ(incoming.size(), bytes.size());
        return incoming.seal();
    }

    std::string folder_;
};

TEST_F(SpoolTest, SmallMessageStaysInSealedMemory) {
    Spool spool(settings());
    const std::string bytes(1000, 'x');
    auto sealed = store(spool, bytes);
    ASSERT_TRUE(sealed);
    EXPECT_TRUE(sealed->in_memory);
    EXPECT_EQ(content_of(*sealed), bytes);
    EXPECT_EQ(sealed->sha256, digest_of(bytes));
    EXPECT_EQ(spool.memory_used(), 1000U);
    EXPECT_EQ(::write(sealed->file.get(), "y", 1), -1) << "nobody can change it";
    EXPECT_NE(::ftruncate(sealed->file.get(), 1), 0);
    sealed = Failure{SpoolError::Failed};
    EXPECT_EQ(spool.memory_used(), 0U);
}

TEST_F(SpoolTest, MessageBeyondItsMemoryIsInAReadOnlyFile) {
    Spool spool(settings());
    std::string bytes;
    for (int i = 0; i < 5000; ++i) bytes += static_cast<char>('a' + i % 26);
    for (const std::size_t size : {std::size_t{1001}, std::size_t{1300}, bytes.size()}) {
        SCOPED_TRACE(size);
        const std::string part = bytes.substr(0, size);
        const auto sealed = store(spool, part);
        ASSERT_TRUE(sealed);
        EXPECT_FALSE(sealed->in_memory);
        EXPECT_EQ(content_of(*sealed), part);
        EXPECT_EQ(sealed->sha256, digest_of(part));
        EXPECT_EQ(::write(sealed->file.get(), "y", 1), -1);
        EXPECT_EQ(spool.memory_used(), 0U);
    }
}

TEST_F(SpoolTest, MemoryOfAllIsBounded) {
    Spool spool(settings());
    const std::string bytes(1000, 'x');
    const auto first = store(spool, bytes);
    const auto second = store(spool, bytes);
    const auto third = store(spool, bytes);
    ASSERT_TRUE(first && second && third);
    EXPECT_TRUE(first->in_memory && second->in_memory);
    EXPECT_FALSE(third->in_memory);
    EXPECT_EQ(content_of(*third), bytes);
    EXPECT_EQ(spool.memory_used(), 2000U);
}

TEST_F(SpoolTest, AbandonedMessageLeavesNothing) {
    Spool spool(settings());
    {
        Incoming incoming = spool.open();
        (void)incoming.append("half a mess");
        EXPECT_EQ(spool.memory_used(), 11U);
    }
    EXPECT_EQ(spool.memory_used(), 0U);
}

TEST_F(SpoolTest, EmptyMessage) {
    Spool spool(settings());
    const auto sealed = spool.open().seal();
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed->size, 0U);
    EXPECT_EQ(content_of(*sealed), "");
    EXPECT_EQ(sealed->sha256, digest_of(""));
    EXPECT_EQ(sealed->header, "");
}

TEST_F(SpoolTest, FullDiskIsToldAtFlushAndAtTheEnd) {
    const rlimit small{4096, RLIM_INFINITY};
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    Spool spool(settings());
    Incoming incoming = spool.open();
    EXPECT_EQ(incoming.append(std::string(4096, 'x')), Incoming::Next::FlushFirst);
    EXPECT_TRUE(incoming.flush());
    EXPECT_EQ(incoming.append(std::string(300, 'x')), Incoming::Next::FlushFirst);
    const auto flushed = incoming.flush();
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error(), SpoolError::DiskFull);
    EXPECT_EQ(incoming.append("more"), Incoming::Next::Continue);
    const auto sealed = incoming.seal();
    ASSERT_FALSE(sealed);
    EXPECT_EQ(sealed.error(), SpoolError::DiskFull);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
}

TEST_F(SpoolTest, FolderThatDoesNotExistIsToldAtOnce) {
    SpoolSettings wrong = settings();
    wrong.folder += "/none";
    EXPECT_THROW(Spool{wrong}, std::runtime_error);
}

struct HeaderCase {
    const char* title;
    std::string message;
    std::string header;
    unsigned hops;
};

TEST_F(SpoolTest, HeaderAndHops) {
    const std::string two = "Received: a\r\nRECEIVED : b\r\n\tfolded: c\r\nX-Received: d\r\n\r\n";
    const HeaderCase cases[] = {
        {"header and body", "A: b\r\n\r\nReceived: in the body\r\n", "A: b\r\n\r\n", 0},
        {"no body", "A: b\r\n", "A: b\r\n", 0},
        {"no header", "\r\nA: b\r\n\r\n", "\r\n", 0},
        {"received fields", two + "x\r\n", two, 2},
        {"longer than kept", std::string(500, 'x'), std::string(200, 'x'), 0},
    };
    Spool spool(settings());
    for (const HeaderCase& c : cases) {
        for (const std::size_t step : {1U, 3U, 64U, 1000U}) {
            SCOPED_TRACE(c.title);
            Incoming incoming = spool.open();
            for (std::size_t at = 0; at < c.message.size(); at += step) {
                (void)incoming.append(std::string_view(c.message).substr(at, step));
            }
            const auto sealed = incoming.seal();
            ASSERT_TRUE(sealed);
            EXPECT_EQ(sealed->header, c.header);
            EXPECT_EQ(sealed->hops, c.hops);
        }
    }
}

TEST_F(SpoolTest, ShowsTheHeaderOnceThenTheBodyWhateverThePieces) {
    struct Case {
        const char* title;
        std::string message;
        std::string header;
        std::string body;
    };
    const std::string tall = "A: " + std::string(400, 'a') + "\r\n\r\nbody\r\n";
    const Case cases[] = {
        {"header and body", "A: 1\r\nB: 2\r\n\r\nbody\r\n\r\nmore\r\n", "A: 1\r\nB: 2\r\n\r\n",
         "body\r\n\r\nmore\r\n"},
        {"no header", "\r\nbody\r\n", "\r\n", "body\r\n"},
        {"no body", "A: 1\r\n\r\n", "A: 1\r\n\r\n", ""},
        {"no empty line", "A: 1\r\n", "A: 1\r\n", ""},
        {"nothing at all", "", "", ""},
        {"header beyond the limit", tall, tall.substr(0, 200), tall.substr(200)},
    };
    Spool spool(settings());
    for (const Case& c : cases) {
        for (std::size_t piece = 1; piece < c.message.size() + 2; ++piece) {
            SCOPED_TRACE(std::string(c.title) + ", pieces of " + std::to_string(piece));
            Incoming incoming = spool.open();
            std::vector<std::string> headers;
            std::string body;
            incoming.watch({[&](std::string_view block) { headers.emplace_back(block); },
                            [&](std::string_view chunk) {
                                EXPECT_EQ(headers.size(), 1U) << "the header comes first";
                                body += chunk;
                            }});
            for (std::size_t at = 0; at < c.message.size(); at += piece) {
                const auto next = incoming.append(std::string_view(c.message).substr(at, piece));
                if (next == Incoming::Next::FlushFirst) (void)incoming.flush();
            }
            const auto sealed = incoming.seal();
            ASSERT_TRUE(sealed);
            EXPECT_EQ(headers, std::vector<std::string>{c.header});
            EXPECT_EQ(body, c.body);
            EXPECT_EQ(sealed->header, c.header);
        }
    }
}

}  // namespace
}  // namespace postern::spool
