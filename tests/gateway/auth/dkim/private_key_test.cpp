#include "gateway/auth/dkim/private_key.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gateway/auth/dkim/public_key.hpp"
#include "tests/support/auth/signed_mail.hpp"

namespace postern::auth::dkim {
namespace {

Sha256Digest some_digest() {
    Sha256Digest digest{};
    digest.fill(7);
    return digest;
}

TEST(PrivateKey, MadeKeysSignWhatTheirRecordVerifies) {
    for (const PrivateKey* key : {&tests::rsa_key(), &tests::ed25519_key()}) {
        const auto again = PrivateKey::parse(key->pem());
        ASSERT_TRUE(again);
        EXPECT_EQ(again->record(), key->record());
        const auto record = parse_key_record(key->record());
        ASSERT_TRUE(record);
        EXPECT_EQ(record->type, key->type());
        const auto half = PublicKey::parse(record->type, record->key, 8192);
        ASSERT_TRUE(half);
        EXPECT_EQ(half->bits(), key->bits());
        const auto made = again->sign(some_digest());
        ASSERT_TRUE(made);
        EXPECT_TRUE(half->verifies(some_digest(), *made));
        Sha256Digest other = some_digest();
        other[31] ^= 1U;
        EXPECT_FALSE(half->verifies(other, *made));
    }
}

TEST(PrivateKey, RefusesWeakAndHugeNewKeys) {
    for (const std::uint32_t bits : {0U, 1024U, 2047U, 8193U}) {
        EXPECT_FALSE(PrivateKey::generate(KeyType::Rsa, bits)) << bits;
    }
}

TEST(PrivateKey, RefusesWhatIsNoKeyAndLeavesNoErrorBehind) {
    const std::string pem = tests::rsa_key().pem();
    for (const std::string& text :
         {std::string(), std::string("nonsense"), pem.substr(0, pem.size() / 2),
          std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}) {
        EXPECT_FALSE(PrivateKey::parse(text));
        EXPECT_EQ(ERR_peek_error(), 0U);
    }
}

TEST(PrivateKey, RefusesFilesThatOthersCanGetAt) {
    std::string folder = ::testing::TempDir() + "keys-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const std::string path = folder + "/key.pem";
    std::ofstream(path) << tests::ed25519_key().pem();
    struct Case {
        mode_t mode;
        bool taken;
    };
    for (const Case& c : {Case{0600, true}, Case{0640, true}, Case{0400, true}, Case{0644, false},
                          Case{0602, false}, Case{0620, false}, Case{0601, false}}) {
        ASSERT_EQ(::chmod(path.c_str(), c.mode), 0);
        const auto key = PrivateKey::read(path);
        EXPECT_EQ(static_cast<bool>(key), c.taken) << std::oct << c.mode;
        if (!key) {
            EXPECT_TRUE(key.error().starts_with(path)) << key.error();
            EXPECT_EQ(key.error().find("BEGIN"), std::string::npos);
        }
    }
    EXPECT_FALSE(PrivateKey::read(folder)) << "a folder";
    EXPECT_FALSE(PrivateKey::read(folder + "/none"));
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace postern::auth::dkim
