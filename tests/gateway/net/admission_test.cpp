#include "gateway/net/admission.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "gateway/net/load_gauge.hpp"

namespace postern::net {
namespace {

mail::IpAddress address(const char* text) {
    return *mail::IpAddress::parse(text);
}

/// Lets clients in and keeps their places.
class AdmissionTest : public ::testing::Test {
protected:
    void limits(std::uint32_t total, std::uint32_t per_client, std::uint32_t per_prefix) {
        admission_ = std::make_shared<Admission>(AdmissionLimits{
            total, per_client, per_prefix, {*mail::Cidr::parse("2001:db8:1::/48")}});
    }
    /// "" when it was let in.
    std::string come(const char* client) {
        auto place = admission_->admit(address(client));
        if (!place) return std::string(name(place.error()));
        places_.push_back(std::move(place).value());
        return "";
    }

    std::shared_ptr<Admission> admission_;
    std::deque<Admission::Place> places_;
};

TEST_F(AdmissionTest, CountsAnIpv6ClientByItsNetwork) {
    limits(10, 2, 100);
    EXPECT_EQ(come("2001:db8::1"), "");
    EXPECT_EQ(come("2001:db8::2"), "");
    EXPECT_EQ(come("2001:db8::3"), "client");
    EXPECT_EQ(come("2001:db8:0:1::3"), "") << "another /64";
    for (int i = 0; i < 3; ++i) EXPECT_EQ(come("2001:db8:1::1"), "") << "ours";
    places_.pop_front();
    EXPECT_EQ(come("2001:db8::3"), "");
    places_.clear();
    EXPECT_EQ(admission_->count(), 0U) << "places were given back";
}

TEST_F(AdmissionTest, Ipv4ClientsAreCountedOneByOne) {
    limits(10, 1, 100);
    EXPECT_EQ(come("192.0.2.1"), "");
    EXPECT_EQ(come("::ffff:192.0.2.1"), "client");
    EXPECT_EQ(come("192.0.2.2"), "");
}

TEST_F(AdmissionTest, CountsPrefixes) {
    limits(10, 10, 2);
    EXPECT_EQ(come("192.0.2.1"), "");
    EXPECT_EQ(come("192.0.2.255"), "");
    EXPECT_EQ(come("192.0.2.2"), "prefix");
    EXPECT_EQ(come("192.0.3.1"), "") << "another /24";
    EXPECT_EQ(come("2001:db8:2::1"), "");
    EXPECT_EQ(come("2001:db8:2:ff::1"), "");
    EXPECT_EQ(come("2001:db8:2:1::1"), "prefix");
    EXPECT_EQ(come("2001:db8:2:100::1"), "") << "another /56";
    places_.pop_front();
    EXPECT_EQ(come("192.0.2.2"), "");
}

TEST_F(AdmissionTest, TotalHoldsForAll) {
    limits(2, 10, 10);
    EXPECT_EQ(come("192.0.2.1"), "");
    EXPECT_EQ(come("2001:db8:1::1"), "");
    EXPECT_EQ(come("2001:db8:1::1"), "total");
    EXPECT_EQ(come("192.0.2.1"), "total");
}

TEST_F(AdmissionTest, ConnectionOfAProxyIsCountedAsItsClients) {
    limits(10, 1, 10);
    auto first = admission_->admit(std::nullopt);
    auto second = admission_->admit(std::nullopt);
    ASSERT_TRUE(first && second);
    auto one = std::move(first).value();
    auto two = std::move(second).value();
    EXPECT_EQ(one.count_as(address("192.0.2.1")), std::nullopt);
    EXPECT_EQ(two.count_as(address("192.0.2.1")), Refusal::Client);
    EXPECT_EQ(two.count_as(address("192.0.2.2")), std::nullopt);
    EXPECT_EQ(one.count_as(address("192.0.2.3")), std::nullopt) << "XCLIENT names another";
    EXPECT_EQ(come("192.0.2.1"), "") << "nobody is counted there any more";
    EXPECT_EQ(come("192.0.2.3"), "client");
}

TEST_F(AdmissionTest, RefusedClientLeavesNoTrace) {
    limits(10, 1, 1);
    EXPECT_EQ(come("192.0.2.1"), "");
    EXPECT_EQ(come("192.0.2.1"), "client");
    EXPECT_EQ(come("192.0.2.2"), "prefix");
    EXPECT_EQ(admission_->count(), 1U);
    places_.clear();
    EXPECT_EQ(come("192.0.2.2"), "");
}

TEST_F(AdmissionTest, OverloadBeginsAtItsShareAndEndsBelowIt) {
    limits(10, 100, 100);
    std::vector<bool> changes;
    double pool = 0;
    LoadLimits gauge_limits{10, 0.5, 0.9, [&] { return pool; }};
    LoadGauge gauge(admission_, gauge_limits,
                    [&](const Load& load) { changes.push_back(load.overload); });
    for (int i = 0; i < 4; ++i) EXPECT_EQ(come("192.0.2.1"), "");
    EXPECT_FALSE(gauge.measure().overload);
    EXPECT_EQ(come("192.0.2.1"), "");
    EXPECT_TRUE(gauge.measure().overload) << "5 of 10";
    EXPECT_FALSE(gauge.full(gauge.measure()));
    for (int i = 0; i < 4; ++i) EXPECT_EQ(come("192.0.2.1"), "");
    EXPECT_TRUE(gauge.full(gauge.measure())) << "9 of 10";
    while (places_.size() > 5) places_.pop_front();
    EXPECT_TRUE(gauge.measure().overload);
    places_.pop_front();
    EXPECT_FALSE(gauge.measure().overload) << "4 of 10 is below nine tenths of 5";
    pool = 0.5;
    EXPECT_TRUE(gauge.measure().overload);
    pool = 0.95;
    EXPECT_TRUE(gauge.full(gauge.measure()));
    pool = 0.4;
    EXPECT_FALSE(gauge.measure().overload);
    EXPECT_EQ(changes, (std::vector<bool>{true, false, true, false}));
}

/// Where descriptors end before max_connections, the last places are for our own.
TEST_F(AdmissionTest, OverloadBeginsWhereDescriptorsEnd) {
    constexpr std::size_t kRoom = 2 * LoadLimits::kLastPlaces + 3;
    limits(100'000, 100'000, 100'000);
    LoadGauge gauge(admission_, {.max_connections = 100'000, .room = kRoom}, {});
    const auto come_up_to = [&](std::size_t count) {
        while (places_.size() < count) ASSERT_EQ(come("192.0.2.1"), "");
        while (places_.size() > count) places_.pop_front();
    };
    struct {
        std::size_t connections;
        bool full;
        bool overload;
    } const cases[] = {
        {kRoom - LoadLimits::kLastPlaces - 1, false, false},
        {kRoom - LoadLimits::kLastPlaces, true, true},
        {kRoom - LoadLimits::kLastPlaces - 1, false, true},  // it does not flicker
        {kRoom - 2 * LoadLimits::kLastPlaces, false, true},
        {kRoom - 2 * LoadLimits::kLastPlaces - 1, false, false},
        {kRoom, true, true},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.connections);
        come_up_to(c.connections);
        const Load load = gauge.measure();
        EXPECT_EQ(gauge.full(load), c.full);
        EXPECT_EQ(load.overload, c.overload);
    }
    LoadGauge without(admission_, {.max_connections = 100'000}, {});
    EXPECT_FALSE(without.measure().overload) << "no limit on descriptors is known";
}

}  // namespace
}  // namespace postern::net
