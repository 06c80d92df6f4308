#include "gateway/net/admission.hpp"

#include <gtest/gtest.h>

namespace postern::net {
namespace {

mail::IpAddress address(const char* text) {
    return *mail::IpAddress::parse(text);
}

TEST(Admission, CountsAnIpv6ClientByItsNetwork) {
    const auto admission =
        std::make_shared<Admission>(10, 2, std::vector{*mail::Cidr::parse("2001:db8:1::/48")});
    auto first = admission->admit(address("2001:db8::1"));
    auto second = admission->admit(address("2001:db8::2"));
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(admission->admit(address("2001:db8::3")));
    EXPECT_TRUE(admission->admit(address("2001:db8:0:1::3"))) << "another /64";
    const auto ours = {admission->admit(address("2001:db8:1::1")).has_value(),
                       admission->admit(address("2001:db8:1::1")).has_value()};
    for (const bool admitted : ours) EXPECT_TRUE(admitted);
    first.reset();
    EXPECT_TRUE(admission->admit(address("2001:db8::3")));
    EXPECT_EQ(admission->count(), 1U) << "places were given back";
}

TEST(Admission, Ipv4ClientsAreCountedOneByOne) {
    const auto admission = std::make_shared<Admission>(10, 1, std::vector<mail::Cidr>{});
    const auto first = admission->admit(address("192.0.2.1"));
    EXPECT_TRUE(first);
    EXPECT_FALSE(admission->admit(address("::ffff:192.0.2.1")));
    EXPECT_TRUE(admission->admit(address("192.0.2.2")));
}

}  // namespace
}  // namespace postern::net
