#include <gtest/gtest.h>

#include "quarantine/location.hpp"
#include "quarantine/outbox.hpp"
#include "quarantine/record.hpp"

namespace postern::quarantine {
namespace {

TEST(QuarantineId, ParsesOnlyUlids) {
    const struct {
        const char* title;
        const char* text;
        std::optional<IdError> error;
    } cases[] = {
        {"a ULID", "01ARZ3NDEKTSV4RRFFQ69G5FAV", std::nullopt},
        {"lower case", "01arz3ndektsv4rrffq69g5fav", std::nullopt},
        {"the largest", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", std::nullopt},
        {"more than 128 bits", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", IdError::Overflow},
        {"empty", "", IdError::Length},
        {"too short", "01ARZ3NDEKTSV4RRFFQ69G5FA", IdError::Length},
        {"too long", "01ARZ3NDEKTSV4RRFFQ69G5FAVX", IdError::Length},
        {"a letter that is no digit", "01ARZ3NDEKTSV4RRFFQ69G5FAU", IdError::Alphabet},
        {"a path", "../../../../../etc/passwd1", IdError::Alphabet},
        {"a quote", "01ARZ3NDEKTSV4RRFFQ69G5FA'", IdError::Alphabet},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const auto id = QuarantineId::parse(c.text);
        EXPECT_EQ(id.has_value(), !c.error.has_value());
        if (id) {
            EXPECT_EQ(id->text().size(), 26U);
        } else {
            EXPECT_EQ(id.error(), *c.error);
        }
    }
    EXPECT_EQ(*QuarantineId::parse("01arz3ndektsv4rrffq69g5fav"),
              *QuarantineId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
}

TEST(QuarantineId, KeepsItsTimeAndSortsByIt) {
    const auto earlier = QuarantineId::make(1700000000000);
    const auto later = QuarantineId::make(1700000000001);
    EXPECT_EQ(earlier.time(), 1700000000000);
    EXPECT_LT(earlier, later);
    EXPECT_NE(QuarantineId::make(5), QuarantineId::make(5));
    EXPECT_TRUE(QuarantineId::parse(later.text()));
    EXPECT_EQ(QuarantineId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV")->time(), 1469922850259);
}

TEST(Location, ReadsTheUrlOfTheSettings) {
    const auto plain = Location::parse("sqlite:///var/lib/postern/quarantine.db");
    ASSERT_TRUE(plain);
    EXPECT_EQ(*plain, (Location{"/var/lib/postern/quarantine.db", "/var/lib/postern/blobs",
                                "/var/lib/postern/quarantine.key"}));
    const auto own = Location::parse("sqlite:///q.db", "/srv/blobs", "/etc/postern/key");
    ASSERT_TRUE(own);
    EXPECT_EQ(*own, (Location{"/q.db", "/srv/blobs", "/etc/postern/key"}));
    for (const char* bad : {"", "sqlite:", "sqlite://q.db", "sqlite:///folder/", "sqlite:///q.db?x",
                            "postgresql://host/db", "/var/q.db", "sqlite:///a%2fb"}) {
        SCOPED_TRACE(bad);
        EXPECT_FALSE(Location::parse(bad));
    }
    EXPECT_FALSE(Location::parse("sqlite:///q.db", "blobs"));
    EXPECT_FALSE(Location::parse("sqlite:///q.db", "", "key"));
}

TEST(Words, ReadBackAsTheyAreWritten) {
    for (int i = 0; i < 7; ++i) {
        const auto value = static_cast<VerdictClass>(i);
        EXPECT_EQ(parse_class(name(value)), value);
    }
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(parse_action(name(static_cast<VerdictAction>(i))), static_cast<VerdictAction>(i));
        EXPECT_EQ(parse_status(name(static_cast<Status>(i))), static_cast<Status>(i));
        EXPECT_EQ(parse_delivery_state(name(static_cast<DeliveryState>(i))),
                  static_cast<DeliveryState>(i));
    }
    EXPECT_EQ(name(VerdictClass::Malware), "malware");
    EXPECT_EQ(name(RecipientState::NeedsConfirmation), "needs-confirmation");
    EXPECT_FALSE(parse_class("Malware"));
    EXPECT_FALSE(parse_status(""));
}

TEST(RetryDelay, DoublesUntilTheLongestAndEndsAtGivingUp) {
    using std::chrono::hours;
    using std::chrono::milliseconds;
    using std::chrono::minutes;
    const BackOff back_off{minutes(1), minutes(10), hours(2)};
    const struct {
        const char* title;
        std::uint32_t attempts;
        milliseconds age;
        std::optional<milliseconds> delay;
    } cases[] = {
        {"after the first", 1, minutes(0), minutes(1)},
        {"no attempt counts as the first", 0, minutes(0), minutes(1)},
        {"after the second", 2, minutes(1), minutes(2)},
        {"after the fourth", 4, minutes(7), minutes(8)},
        {"at most the longest", 5, minutes(15), minutes(10)},
        {"no overflow", 4000000000U, minutes(15), minutes(10)},
        {"the last try is at the end", 5, minutes(115), minutes(5)},
        {"just before the end", 5, hours(2) - milliseconds(1), milliseconds(1)},
        {"at the end", 5, hours(2), std::nullopt},
        {"beyond", 1, hours(200), std::nullopt},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(retry_delay(c.attempts, c.age, back_off), c.delay);
    }
}

}  // namespace
}  // namespace postern::quarantine
