#include "quarantine/accounts.hpp"

#include <thread>

#include "quarantine/index/database.hpp"
#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr const char* kPassword = "correct horse";

std::string said(const Outcome<User, LoginError>& outcome) {
    if (outcome) return "welcome " + outcome->name;
    switch (outcome.error()) {
        case LoginError::Refused:
            return "refused";
        case LoginError::Throttled:
            return "throttled";
        case LoginError::Store:
            return "store";
    }
    return "?";
}

class AccountsTest : public StoreFixture {
protected:
    void SetUp() override {
        StoreFixture::SetUp();
        ASSERT_TRUE(accounts().add("Rita", kPassword, Role::Admin, cli));
    }
    Accounts& accounts() { return store->accounts(); }
    std::string verify(const std::string& user, const std::string& password,
                       const std::string& remote = "192.0.2.9") {
        return said(accounts().verify(user, password, remote));
    }
    std::int64_t count(const std::string& sql) {
        auto database = Database::open(location_in(folder).database, std::chrono::seconds(1), true,
                                       [] { return UnixMs{0}; });
        return (*database)
            ->read([&](Connection& connection) {
                return Outcome<std::int64_t, StoreError>(connection.integer(sql));
            })
            .value_or(-1);
    }
    const Actor cli{"cli"};
};

TEST_F(AccountsTest, LetInWithTheRightPasswordOnly) {
    EXPECT_EQ(verify("rita", kPassword), "welcome rita");
    EXPECT_EQ(verify("RITA", kPassword), "welcome rita");
    EXPECT_EQ(verify("rita", "correct horsf"), "refused");
    EXPECT_EQ(verify("rita", ""), "refused");
    EXPECT_EQ(verify("rita", std::string(kPassword) + " "), "refused");
    EXPECT_EQ(verify("nobody", kPassword), "refused");
    EXPECT_EQ(verify("", ""), "refused");
    EXPECT_EQ(verify("' OR 1=1 --", kPassword), "refused");
    EXPECT_EQ(accounts().list()->at(0).last_login, now.load());
}

TEST_F(AccountsTest, NamesAndPasswordsHaveRules) {
    const struct {
        const char* title;
        std::string name;
        std::string password;
        const char* kind;
    } cases[] = {
        {"an address", "otto@example.org", kPassword, "ok"},
        {"longest name", std::string(64, 'a'), kPassword, "ok"},
        {"name too long", std::string(65, 'a'), kPassword, "invalid"},
        {"no name", "", kPassword, "invalid"},
        {"blank in the name", "a b", kPassword, "invalid"},
        {"begins with a dot", ".a", kPassword, "invalid"},
        {"not ASCII", "j\xC3\xBCrg", kPassword, "invalid"},
        {"shortest password", "p1", "0123456789", "ok"},
        {"password too short", "p2", "012345678", "invalid"},
        {"longest password", "p3", std::string(256, 'p'), "ok"},
        {"password too long", "p4", std::string(257, 'p'), "invalid"},
        {"taken in another letter case", "RITA", kPassword, "conflict"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(kind_of(accounts().add(c.name, c.password, Role::Reviewer, cli)), c.kind);
    }
}

TEST_F(AccountsTest, TheDatabaseHoldsNoPasswordAndNoToken) {
    const auto session = accounts().login("rita", kPassword, "192.0.2.9", hours(1));
    ASSERT_TRUE(session);
    EXPECT_EQ(session->token.size(), 64U);
    EXPECT_EQ(count("SELECT COUNT(*) FROM users WHERE hash LIKE '$argon2id$v=19$m=8,t=1,p=1$%'"),
              1);
    EXPECT_EQ(count("SELECT COUNT(*) FROM sessions"), 1);
    EXPECT_EQ(count("SELECT COUNT(*) FROM sessions WHERE token = '" + session->token + "'"), 0);
}

TEST_F(AccountsTest, ANewPasswordEndsTheOldAndItsSessions) {
    const auto session = accounts().login("rita", kPassword, "", hours(1));
    ASSERT_TRUE(session);
    now += 1;
    ASSERT_TRUE(accounts().set_password("rita", "another secret", cli));
    EXPECT_EQ(verify("rita", kPassword), "refused");
    EXPECT_EQ(verify("rita", "another secret"), "welcome rita");
    EXPECT_EQ(*accounts().session(session->token), std::nullopt);
    EXPECT_EQ(kind_of(accounts().set_password("nobody", kPassword, cli)), "not-found");
    EXPECT_EQ(kind_of(accounts().set_password("rita", "short", cli)), "invalid");
}

TEST_F(AccountsTest, ADisabledAccountIsOutUntilItIsEnabled) {
    ASSERT_TRUE(accounts().add("otto", kPassword, Role::Reviewer, cli));
    const auto session = accounts().login("otto", kPassword, "", hours(1));
    ASSERT_TRUE(session);
    ASSERT_TRUE(accounts().set_disabled("otto", true, cli));
    EXPECT_EQ(verify("otto", kPassword), "refused");
    EXPECT_EQ(*accounts().session(session->token), std::nullopt);
    ASSERT_TRUE(accounts().set_disabled("otto", false, cli));
    EXPECT_EQ(verify("otto", kPassword), "welcome otto");
    EXPECT_EQ(*accounts().session(session->token), std::nullopt) << "the old session stays ended";
}

TEST_F(AccountsTest, TheLastAdminStays) {
    EXPECT_EQ(kind_of(accounts().set_disabled("rita", true, cli)), "conflict");
    ASSERT_TRUE(accounts().add("otto", kPassword, Role::Reviewer, cli));
    EXPECT_EQ(kind_of(accounts().set_disabled("rita", true, cli)), "conflict");
    ASSERT_TRUE(accounts().add("anna", kPassword, Role::Admin, cli));
    EXPECT_EQ(kind_of(accounts().set_disabled("rita", true, cli)), "ok");
    EXPECT_EQ(kind_of(accounts().set_disabled("anna", true, cli)), "conflict");
}

TEST_F(AccountsTest, ASessionLastsUntilItExpiresOrIsEnded) {
    const auto session = accounts().login("rita", kPassword, "192.0.2.9", minutes(10));
    ASSERT_TRUE(session);
    const auto found = accounts().session(session->token);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->user.name, "rita");
    EXPECT_EQ((*found)->user.role, Role::Admin);
    EXPECT_EQ((*found)->remote, "192.0.2.9");
    EXPECT_EQ((*found)->expires, session->expires);
    for (const std::string& wrong : {std::string(), std::string("x"), std::string(64, '0'),
                                     session->token.substr(1), session->token + "0"}) {
        EXPECT_EQ(*accounts().session(wrong), std::nullopt) << wrong;
    }
    now += minutes(10).count() * 60 * 1000 - 1;
    EXPECT_NE(*accounts().session(session->token), std::nullopt);
    now += 1;
    EXPECT_EQ(*accounts().session(session->token), std::nullopt);

    const auto other = accounts().login("rita", kPassword, "", minutes(10));
    ASSERT_TRUE(accounts().logout(other->token));
    EXPECT_EQ(*accounts().session(other->token), std::nullopt);
    ASSERT_TRUE(accounts().logout(other->token));
    EXPECT_EQ(count("SELECT COUNT(*) FROM sessions"), 0) << "expired ones go with the next login";
}

TEST_F(AccountsTest, SessionsOfOneUserAreBounded) {
    std::vector<std::string> tokens;
    for (int i = 0; i < 21; ++i) {
        now += 1;
        tokens.push_back(accounts().login("rita", kPassword, "", hours(9))->token);
    }
    EXPECT_EQ(*accounts().session(tokens[0]), std::nullopt);
    EXPECT_NE(*accounts().session(tokens[1]), std::nullopt);
    EXPECT_EQ(accounts().logout_all("rita", cli).value_or(0), 20U);
    EXPECT_EQ(*accounts().session(tokens[20]), std::nullopt);
}

TEST_F(AccountsTest, FailuresThrottleTheAccountFromEverywhere) {
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(verify("rita", "wrong", "192.0.2." + std::to_string(i)), "refused");
    }
    EXPECT_EQ(verify("rita", kPassword, "192.0.2.200"), "throttled");
    EXPECT_EQ(verify("Rita", kPassword, ""), "throttled");
    now += minutes(15).count() * 60 * 1000 - 1;
    EXPECT_EQ(verify("rita", kPassword), "throttled");
    now += 1;
    EXPECT_EQ(verify("rita", kPassword), "welcome rita");
}

TEST_F(AccountsTest, ANewPasswordEndsTheThrottling) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(verify("rita", "wrong", ""), "refused");
    EXPECT_EQ(verify("rita", kPassword, ""), "throttled");
    ASSERT_TRUE(accounts().set_password("Rita", "another secret", cli));
    EXPECT_EQ(verify("rita", "another secret", ""), "welcome rita");
}

TEST_F(AccountsTest, ASuccessClearsTheAccountsFailures) {
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 9; ++i) EXPECT_EQ(verify("rita", "wrong", ""), "refused");
        EXPECT_EQ(verify("rita", kPassword, ""), "welcome rita");
    }
}

TEST_F(AccountsTest, FailuresThrottleTheAddressOverAllAccounts) {
    for (int i = 0; i < 30; ++i) {
        EXPECT_EQ(verify("user" + std::to_string(i), "wrong", "2001:db8:1:2::" + std::to_string(i)),
                  "refused");
    }
    EXPECT_EQ(verify("rita", kPassword, "2001:db8:1:2:ffff::1"), "throttled") << "same /64";
    EXPECT_EQ(verify("rita", kPassword, "2001:db8:1:3::1"), "welcome rita");
}

TEST_F(AccountsTest, SuccessesDoNotUseUpTheAddress) {
    for (int i = 0; i < 40; ++i) EXPECT_EQ(verify("rita", kPassword), "welcome rita");
}

TEST_F(AccountsTest, ParallelGuessesDoNotSlipThrough) {
    std::atomic<int> refused{0};
    std::atomic<int> throttled{0};
    {
        std::vector<std::jthread> guessers;
        for (int t = 0; t < 6; ++t) {
            guessers.emplace_back([&] {
                for (int i = 0; i < 5; ++i) {
                    const std::string answer = verify("rita", "wrong", "");
                    refused += answer == "refused" ? 1 : 0;
                    throttled += answer == "throttled" ? 1 : 0;
                }
            });
        }
    }
    EXPECT_EQ(refused.load(), 10);
    EXPECT_EQ(throttled.load(), 20);
}

TEST_F(AccountsTest, TheTableOfFailuresIsBoundedAndKeepsTheAccountUnderAttack) {
    store.reset();
    StoreOptions with = options();
    with.accounts.throttle_rows = 20;
    store = Store::open(location_in(folder), key_of(7), with).value();
    for (int i = 0; i < 10; ++i) verify("rita", "wrong", "");
    for (int i = 0; i < 100; ++i) verify("user" + std::to_string(i), "wrong", "");
    EXPECT_LE(count("SELECT COUNT(*) FROM failures"), 20);
    EXPECT_EQ(verify("rita", kPassword, ""), "throttled");
}

TEST_F(AccountsTest, HashesAreRenewedWhenTheParametersChange) {
    store.reset();
    StoreOptions with = options();
    with.accounts.argon2_passes = 2;
    with.accounts.argon2_memory = 16384;
    store = Store::open(location_in(folder), key_of(7), with).value();
    const std::string renewed =
        "SELECT COUNT(*) FROM users WHERE hash LIKE '$argon2id$v=19$m=16,t=2,p=1$%'";
    EXPECT_EQ(verify("rita", "wrong"), "refused");
    EXPECT_EQ(count(renewed), 0);
    EXPECT_EQ(verify("rita", kPassword), "welcome rita");
    EXPECT_EQ(count(renewed), 1);
    EXPECT_EQ(verify("rita", kPassword), "welcome rita");
}

TEST_F(AccountsTest, TheLogTellsOfLoginsButNotOfUnknownNames) {
    verify("rita", kPassword, "192.0.2.9");
    verify("rita", "wrong", "192.0.2.9");
    verify("my secret passphrase", "", "192.0.2.9");
    const auto entries = store->audit().list({}).value();
    ASSERT_GE(entries.size(), 4U);
    EXPECT_EQ(entries[0].who, (Actor{"(unknown)", "192.0.2.9"}));
    EXPECT_EQ(entries[1].act, "login-refused");
    EXPECT_EQ(entries[1].who, (Actor{"rita", "192.0.2.9"}));
    EXPECT_EQ(entries[2].act, "login");
    EXPECT_EQ(entries[3].act, "user-add");
}

}  // namespace
}  // namespace postern::quarantine
