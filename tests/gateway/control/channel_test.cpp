#include "gateway/control/channel.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace postern::control {
namespace {

TEST(Channel, CarriesANoticeWithItsDescriptor) {
    const auto [ours, theirs] = Channel::make();
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(::pipe(pipe_ends.data()), 0);
    const UniqueFd reader(pipe_ends[0]);
    const UniqueFd writer(pipe_ends[1]);
    ASSERT_TRUE(ours.send(Notice::Analyzer, writer.get()));
    const auto received = theirs.receive();
    ASSERT_TRUE(received);
    EXPECT_EQ(received->notice, Notice::Analyzer);
    ASSERT_EQ(::write(received->descriptor.get(), "x", 1), 1);
    char byte = 0;
    EXPECT_EQ(::read(reader.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
}

TEST(Channel, AClosedEndIsNoticedOnBothSides) {
    auto ends = Channel::make();
    { const Channel gone = std::move(ends.second); }
    EXPECT_FALSE(ends.first.receive());
    EXPECT_FALSE(ends.first.send(Notice::Ready));
}

TEST(Channel, NonsenseIsRefused) {
    const auto [ours, theirs] = Channel::make();
    for (const char* text :
         {"Z", "RR", "A"}) {  // unknown, too long, an Analyzer without descriptor
        ASSERT_GT(::send(ours.watch(), text, std::string_view(text).size(), 0), 0);
        EXPECT_FALSE(theirs.receive()) << text;
    }
}

}  // namespace
}  // namespace postern::control
