#include "gateway/observe/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

namespace postern::observe {
namespace {

std::string line_with(std::initializer_list<Field> fields) {
    return json_line(0, Level::Info, "e", {fields.begin(), fields.size()});
}

TEST(JsonLine, WritesEachKindOfValue) {
    const std::vector<std::string> list{"a", "\"", ""};
    const std::string text = "string";
    EXPECT_EQ(
        line_with({{"s", text},
                   {"c", "literal"},
                   {"i", -5},
                   {"u", std::numeric_limits<std::uint64_t>::max()},
                   {"d", 0.25},
                   {"nan", std::numeric_limits<double>::quiet_NaN()},
                   {"b", true},
                   {"n", Null{}},
                   {"l", list},
                   {"j", Json{"{\"a\":[1]}"}}}),
        "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"level\":\"info\",\"event\":\"e\","
        "\"s\":\"string\",\"c\":\"literal\",\"i\":-5,\"u\":18446744073709551615,\"d\":0.25,"
        "\"nan\":null,\"b\":true,\"n\":null,\"l\":[\"a\",\"\\\"\",\"\"],\"j\":{\"a\":[1]}}\n");
}

TEST(JsonLine, TellsTheTimeInUtc) {
    const struct {
        std::int64_t us;
        std::string want;
    } cases[] = {
        {1700000000123456, "2023-11-14T22:13:20.123456Z"},
        {1709210096000007, "2024-02-29T12:34:56.000007Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(nlohmann::json::parse(json_line(c.us, Level::Error, "e", {}))["time"], c.want);
    }
}

TEST(JsonLine, IsOneLineOfJsonWhateverTheTextHolds) {
    const struct {
        std::string title, text, want;
    } cases[] = {
        {"quote and backslash", "a\"b\\c", "a\"b\\c"},
        {"line break", "a\r\nb", "a\r\nb"},
        {"NUL", std::string("a\0b", 3), std::string("a\0b", 3)},
        {"escape sequence", "\x1b[2J\x7f", "\x1b[2J\x7f"},
        {"C1 control",
         "a\xc2\x9b"
         "31mb",
         "a\xc2\x9b"
         "31mb"},
        {"umlaut", "\xc3\xa4", "\xc3\xa4"},
        {"four bytes", "\xf0\x9f\x93\xa7", "\xf0\x9f\x93\xa7"},
        {"lone continuation", "a\x80z", "a\xef\xbf\xbdz"},
        {"cut short", "a\xe2\x82", "a\xef\xbf\xbd\xef\xbf\xbd"},
        {"overlong slash", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"surrogate", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"looks like the end", "\"}\n{\"level\":\"error\"", "\"}\n{\"level\":\"error\""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const std::string line = line_with({{"k", c.text}});
        EXPECT_EQ(line.find('\n'), line.size() - 1);
        for (const char byte : line.substr(0, line.size() - 1)) {
            EXPECT_FALSE(static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f);
        }
        EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
        EXPECT_EQ(nlohmann::json::parse(line)["k"], c.want);
    }
}

TEST(JsonLine, KeepsEachByteValueOutOfTheSyntax) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text(1, static_cast<char>(byte));
        const auto parsed = nlohmann::json::parse(line_with({{"k", text}}));
        EXPECT_EQ(parsed["k"], byte < 128 ? text : "\xef\xbf\xbd") << byte;
    }
}

std::vector<std::string> lines_of(int file) {
    std::string text(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(file, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

TEST(Log, WritesWhatIsImportantEnough) {
    const UniqueFd file(::memfd_create("log", MFD_CLOEXEC));
    Log log(UniqueFd(::dup(file.get())), {.level = Level::Warning});
    log.line(Level::Debug, "no", {});
    log.line(Level::Info, "no", {});
    log.line(Level::Warning, "yes", {{"id", "01J"}});
    log.line(Level::Error, "yes", {});
    log.flush();
    const auto lines = lines_of(file.get());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(nlohmann::json::parse(lines[0])["level"], "warning");
    EXPECT_EQ(nlohmann::json::parse(lines[0])["id"], "01J");
    EXPECT_EQ(nlohmann::json::parse(lines[1])["level"], "error");
    EXPECT_FALSE(log.enabled(Level::Info));
}

TEST(Log, MixesNoLinesOfManyThreadsAndWritesAllBeforeItEnds) {
    constexpr int kThreads = 8;
    constexpr int kEach = 500;
    const UniqueFd file(::memfd_create("log", MFD_CLOEXEC));
    {
        Log log{UniqueFd(::dup(file.get()))};
        std::vector<std::jthread> threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back([&, i] {
                const std::string text(300, static_cast<char>('a' + i));
                for (int n = 0; n < kEach; ++n) log.line(Level::Info, "e", {{"n", n}, {"t", text}});
            });
        }
    }
    std::array<int, kThreads> next{};
    for (const std::string& line : lines_of(file.get())) {
        const auto parsed = nlohmann::json::parse(line);
        const auto text = parsed["t"].get<std::string>();
        EXPECT_EQ(text, std::string(300, text[0]));
        EXPECT_EQ(parsed["n"], next.at(static_cast<std::size_t>(text[0] - 'a'))++);
    }
    for (const int count : next) EXPECT_EQ(count, kEach);
}

TEST(Log, DropsAndCountsWhenNobodyReadsAndSaysSoLater) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    const std::string large(8000, 'x');
    std::string read;
    std::thread drain;
    std::uint64_t dropped = 0;
    {
        Log log(UniqueFd(ends[1]), {.queue = 4});
        // The pipe holds 64 KiB and the queue 4 lines: none of these calls waits for a reader.
        for (int i = 0; i < 200; ++i) log.line(Level::Info, "e", {{"t", large}});
        dropped = log.dropped();
        drain = std::thread([&] {
            std::array<char, 4096> buffer{};
            for (ssize_t got = 1; got > 0;) {
                got = ::read(reader.get(), buffer.data(), buffer.size());
                if (got > 0) read.append(buffer.data(), static_cast<std::size_t>(got));
            }
        });
        log.flush();
        log.line(Level::Info, "last", {});
    }  // closes the pipe, which ends the drain
    drain.join();
    EXPECT_GT(dropped, 0U);
    std::vector<nlohmann::json> lines;
    std::istringstream in(read);
    for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
    ASSERT_GT(lines.size(), 2U);
    EXPECT_EQ(lines.back()["event"], "last");
    EXPECT_EQ(lines[lines.size() - 2]["event"], "log_lines_dropped");
    std::uint64_t told = 0;  // it may be told in several pieces, as room comes and goes
    std::uint64_t written = 0;
    for (const auto& line : lines) {
        if (line["event"] == "log_lines_dropped") told += line["lines"].get<std::uint64_t>();
        if (line["event"] == "e") ++written;
    }
    EXPECT_EQ(told, dropped);
    EXPECT_EQ(written + dropped, 200U);
}

}  // namespace
}  // namespace postern::observe
