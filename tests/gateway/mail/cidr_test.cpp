#include "gateway/mail/cidr.hpp"

#include <gtest/gtest.h>

namespace postern::mail {
namespace {

struct CidrCase {
    const char* range;
    const char* inside;   ///< null: none to try
    const char* outside;  ///< null: none to try
};

TEST(Cidr, HoldsWhatHasThePrefix) {
    const CidrCase cases[] = {
        {"192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
        {"192.0.2.7", "192.0.2.7", "192.0.2.6"},
        {"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
        {"0.0.0.0/0", "203.0.113.9", "2001:db8::1"},
        {"::/0", "2001:db8::1", "203.0.113.9"},
        {"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
        {"::1/128", "::1", "::2"},
        {"127.0.0.0/8", "::ffff:127.1.2.3", "::1"},
    };
    for (const CidrCase& c : cases) {
        SCOPED_TRACE(c.range);
        const auto range = Cidr::parse(c.range);
        ASSERT_TRUE(range);
        EXPECT_TRUE(range->contains(*IpAddress::parse(c.inside)));
        EXPECT_FALSE(range->contains(*IpAddress::parse(c.outside)));
        EXPECT_EQ(*Cidr::parse(range->text()), *range);
    }
}

TEST(Cidr, RefusesWhatIsNone) {
    for (const char* text : {"", "/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/2x",
                             "192.0.2.1/24", "::1/129", "example.org/8", "192.0.2.0/-1"}) {
        EXPECT_FALSE(Cidr::parse(text)) << text;
    }
}

struct PrefixCase {
    const char* address;
    unsigned v4_bits;
    unsigned v6_bits;
    const char* network;
};

TEST(PrefixOf, IsTheNetworkOfAnAddress) {
    const PrefixCase cases[] = {
        {"192.0.2.7", 24, 56, "192.0.2.0/24"},
        {"::ffff:192.0.2.7", 24, 56, "192.0.2.0/24"},
        {"192.0.2.255", 25, 56, "192.0.2.128/25"},
        {"192.0.2.7", 32, 56, "192.0.2.7/32"},
        {"192.0.2.7", 33, 56, "192.0.2.7/32"},
        {"192.0.2.7", 0, 56, "0.0.0.0/0"},
        {"2001:db8:1:2ff::1", 24, 56, "2001:db8:1:200::/56"},
        {"2001:db8:1:2ff::1", 24, 64, "2001:db8:1:2ff::/64"},
        {"2001:db8:1:2ff::1", 24, 0, "::/0"},
        {"2001:db8::1", 24, 999, "2001:db8::1/128"},
    };
    for (const PrefixCase& c : cases) {
        SCOPED_TRACE(c.address);
        const IpAddress address = *IpAddress::parse(c.address);
        const Cidr network = prefix_of(address, c.v4_bits, c.v6_bits);
        EXPECT_EQ(network.text(), c.network);
        EXPECT_TRUE(network.contains(address));
    }
}

}  // namespace
}  // namespace postern::mail
