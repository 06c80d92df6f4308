/// @file The structs of the channels: what goes in comes out, and nothing else does.

#include "sandbox/control.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>

namespace postern::sandbox {
namespace {

struct Pair {
    Pair() {
        auto made = channel_pair();
        if (made) ends = std::move(*made);
    }
    ReceiveError error() {
        auto got = receive(ends[1].get());
        const auto* found = std::get_if<ReceiveError>(&got);
        return found == nullptr ? ReceiveError::Nothing : *found;
    }
    void raw(std::string_view bytes) {
        EXPECT_EQ(::send(ends[0].get(), bytes.data(), bytes.size(), 0),
                  static_cast<ssize_t>(bytes.size()));
    }
    std::array<Descriptor, 2> ends;
};

TEST(Control, AStartCarriesItsNumbersAndTwoDescriptors) {
    Pair pair;
    Start start;
    start.job = 7;
    start.wall_ms = 8;
    start.size = 9;
    start.parameters[127] = std::byte{10};
    ASSERT_TRUE(send(pair.ends[0].get(), start, {0, 1}));
    const auto got = receive(pair.ends[1].get());
    const auto& received = std::get<Received>(got);
    EXPECT_EQ(received.descriptors.size(), 2U);
    const auto& same = std::get<Start>(received.message);
    EXPECT_EQ(same.job, 7U);
    EXPECT_EQ(same.wall_ms, 8U);
    EXPECT_EQ(same.size, 9U);
    EXPECT_EQ(same.parameters[127], std::byte{10});
}

TEST(Control, TextIsCutToWhatFits) {
    for (const std::size_t length : {std::size_t{0}, kLongestText, kLongestText + 1}) {
        Pair pair;
        ASSERT_TRUE(send(pair.ends[0].get(), Failed{Kind::Failed, std::string(length, 'x')}));
        const auto got = receive(pair.ends[1].get());
        EXPECT_EQ(std::get<Failed>(std::get<Received>(got).message).text.size(),
                  std::min(length, kLongestText));
    }
}

TEST(Control, AWrongNumberOfDescriptorsDropsTheMessageAndClosesThem) {
    Pair pair;
    auto inner = channel_pair();
    ASSERT_TRUE(inner);
    ASSERT_TRUE(send(pair.ends[0].get(), Drain{}, {(*inner)[0].get()}));
    EXPECT_EQ(pair.error(), ReceiveError::Malformed);
    ASSERT_TRUE(send(pair.ends[0].get(), Start{}, {(*inner)[0].get()}));
    EXPECT_EQ(pair.error(), ReceiveError::Malformed);
    (*inner)[0].reset();
    pollfd other = {(*inner)[1].get(), POLLIN, 0};
    EXPECT_EQ(::poll(&other, 1, 0), 1) << "a copy has been kept";
    EXPECT_FALSE(send(pair.ends[0].get(), Start{}, {0, 1, 2})) << "more than any kind has";
}

TEST(Control, WhatIsNoMessageIsMalformed) {
    std::string drain(sizeof(Drain), '\0');
    const Drain real;
    std::memcpy(drain.data(), &real, sizeof real);
    for (const std::string& bytes : {std::string("x"), std::string(4, '\0'), std::string(4, '\xff'),
                                     drain + "x", std::string(100'000, 'x')}) {
        Pair pair;
        pair.raw(bytes);
        EXPECT_EQ(pair.error(), ReceiveError::Malformed) << bytes.size();
    }
}

TEST(Control, AClosedChannelIsClosed) {
    Pair pair;
    pair.ends[0].reset();
    EXPECT_EQ(pair.error(), ReceiveError::Closed);
}

}  // namespace
}  // namespace postern::sandbox
