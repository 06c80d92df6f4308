#include "gateway/auth/dkim/body_hasher.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analyzers/base/sha256.hpp"
#include "gateway/auth/dkim/body_canonicalizer.hpp"
#include "gateway/auth/dkim/sha256_context.hpp"

namespace postern::auth::dkim {
namespace {

constexpr BodyHashKind kSimple{Canonicalization::Simple, std::nullopt};
constexpr BodyHashKind kRelaxed{Canonicalization::Relaxed, std::nullopt};

struct Collect {
    std::string* to;
    void operator()(std::string_view bytes) const { *to += bytes; }
};

std::string simple(std::string_view body, std::size_t piece) {
    std::string result;
    TailStripper<Collect> tail(Collect{&result});
    for (std::size_t at = 0; at < body.size(); at += piece) tail.put(body.substr(at, piece));
    tail.finish(true);
    return result;
}

std::string relaxed(std::string_view body, std::size_t piece) {
    std::string result;
    TailStripper<Collect> tail(Collect{&result});
    const auto to_tail = [&](std::string_view bytes) { tail.put(bytes); };
    BlankReducer<decltype(to_tail)> reducer(to_tail);
    for (std::size_t at = 0; at < body.size(); at += piece) reducer.put(body.substr(at, piece));
    reducer.finish();
    tail.finish(false);
    return result;
}

TEST(BodyCanonicalization, FollowsTheRulesHoweverTheBodyIsCut) {
    struct Case {
        const char* title;
        std::string body;
        std::string simple;
        std::string relaxed;
    };
    const std::string blanks(40, ' ');
    const Case cases[] = {
        {"RFC 6376 3.4.5", " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
        {"empty", "", "\r\n", ""},
        {"one empty line", "\r\n", "\r\n", ""},
        {"empty lines", "\r\n\r\n\r\n", "\r\n", ""},
        {"blanks only", " \t \r\n", " \t \r\n", ""},
        {"lines of blanks at the end", "a\r\n \r\n\t\r\n", "a\r\n \r\n\t\r\n", "a\r\n"},
        {"no line end at the end", "a", "a\r\n", "a\r\n"},
        {"empty lines in the middle stay", "a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n",
         "a\r\n\r\n\r\nb\r\n"},
        {"blank in front of a line", "  a\r\n", "  a\r\n", " a\r\n"},
        {"a tab alone", "a\tb\r\n", "a\tb\r\n", "a b\r\n"},
        {"long runs", "a" + blanks + "b" + blanks + "\r\n", "a" + blanks + "b" + blanks + "\r\n",
         "a b\r\n"},
        {"bare CR", "a\rb\r\n", "a\rb\r\n", "a\rb\r\n"},
        {"blank and bare CR", "a \rb\r\n", "a \rb\r\n", "a \rb\r\n"},
        {"blank, CR, blank", "a \r b\r\n", "a \r b\r\n", "a \r b\r\n"},
        {"CR CR LF", "a\r\r\n", "a\r\r\n", "a\r\r\n"},
        {"blank CR CR LF", "a \r\r\n", "a \r\r\n", "a \r\r\n"},
        {"bare CR at the end", "a\r", "a\r\r\n", "a\r\r\n"},
        {"empty lines and bare CR", "a\r\n\r\n\r", "a\r\n\r\n\r\r\n", "a\r\n\r\n\r\r\n"},
        {"bare LF", "a\nb \n\r\n", "a\nb \n\r\n", "a\nb \n\r\n"},
        {"only CR", "\r", "\r\r\n", "\r\r\n"},
        {"signature separator", "-- \r\nx\r\n", "-- \r\nx\r\n", "--\r\nx\r\n"},
    };
    for (const Case& c : cases) {
        for (std::size_t piece = 1; piece < c.body.size() + 2; ++piece) {
            SCOPED_TRACE(std::string(c.title) + ", pieces of " + std::to_string(piece));
            EXPECT_EQ(simple(c.body, piece), c.simple);
            EXPECT_EQ(relaxed(c.body, piece), c.relaxed);
        }
    }
}

/// Each place where a blank may stand to a block of sixteen, in front of each thing that matters.
TEST(BodyCanonicalization, FindsBlanksAtEveryOffset) {
    for (std::size_t offset = 0; offset < 40; ++offset) {
        for (const std::string tail : {"\tx", "  x", " \tx", " \r\n", " "}) {
            const std::string text = std::string(offset, 'x') + tail;
            EXPECT_EQ(find_blank_to_change(text), offset) << offset << tail;
        }
        const std::string none = std::string(offset, 'x') + " x\r\n";
        EXPECT_EQ(find_blank_to_change(none), none.size());
    }
}

std::string hex(const BodyHash& hash) {
    return to_hex(std::as_bytes(std::span(hash.digest)));
}

std::string sha256_of(const std::string& text) {
    return sha256_hex(as_bytes(text));
}

TEST(BodyHasher, HashesAllKindsInOnePass) {
    std::string body;
    for (int i = 0; i < 20'000; ++i) body += "line " + std::to_string(i) + "  with \t blanks \r\n";
    body += "\r\n\r\n";
    const std::string whole_simple = simple(body, body.size());
    const std::string whole_relaxed = relaxed(body, body.size());
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{65536}}) {
        std::vector<BodyHashKind> kinds = {kSimple, kRelaxed};
        const std::uint64_t lengths[] = {0, 1, 4095, 4096, 4097, 100'000, whole_relaxed.size()};
        for (const std::uint64_t length : lengths) {
            kinds.push_back({Canonicalization::Simple, length});
            kinds.push_back({Canonicalization::Relaxed, length});
        }
        BodyHasher hasher(kinds);
        for (std::size_t at = 0; at < body.size(); at += piece) {
            hasher.update(std::string_view(body).substr(at, piece));
        }
        hasher.finish();
        EXPECT_EQ(hex(*hasher.find(kSimple)), sha256_of(whole_simple));
        EXPECT_EQ(hex(*hasher.find(kRelaxed)), sha256_of(whole_relaxed));
        for (const std::uint64_t length : lengths) {
            const auto one = hasher.find({Canonicalization::Simple, length});
            const auto two = hasher.find({Canonicalization::Relaxed, length});
            EXPECT_EQ(hex(*one), sha256_of(whole_simple.substr(0, length)));
            EXPECT_EQ(hex(*two), sha256_of(whole_relaxed.substr(0, length)));
            EXPECT_EQ(one->partial, length < whole_simple.size());
            EXPECT_EQ(two->partial, length < whole_relaxed.size());
            EXPECT_FALSE(one->too_short || two->too_short);
        }
    }
}

TEST(BodyHasher, TellsWhenLengthIsMoreThanThereIs) {
    const BodyHashKind exact{Canonicalization::Simple, 3};
    const BodyHashKind beyond{Canonicalization::Simple, 4};
    BodyHasher hasher({exact, beyond});
    hasher.update("a");
    hasher.finish();
    EXPECT_FALSE(hasher.find(exact)->too_short);
    EXPECT_FALSE(hasher.find(exact)->partial);
    EXPECT_TRUE(hasher.find(beyond)->too_short);
    EXPECT_EQ(hasher.find(beyond)->body_size, 3U);
}

TEST(BodyHasher, EmptyBodies) {
    const BodyHashKind nothing{Canonicalization::Relaxed, 0};
    BodyHasher hasher({kSimple, kRelaxed, nothing});
    hasher.finish();
    EXPECT_EQ(hex(*hasher.find(kSimple)), sha256_of("\r\n"));
    EXPECT_EQ(hex(*hasher.find(kRelaxed)), sha256_of(""));
    EXPECT_EQ(hex(*hasher.find(nothing)), sha256_of(""));
    EXPECT_FALSE(hasher.find(nothing)->partial);
}

TEST(BodyHasher, KnowsNothingItWasNotAskedFor) {
    BodyHasher hasher({kSimple});
    hasher.finish();
    EXPECT_FALSE(hasher.find(kRelaxed));
    EXPECT_FALSE(hasher.find({Canonicalization::Simple, 5}));
}

}  // namespace
}  // namespace postern::auth::dkim
