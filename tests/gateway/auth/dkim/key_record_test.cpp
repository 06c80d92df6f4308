#include "gateway/auth/dkim/key_record.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::auth::dkim {
namespace {

std::string read(const std::string& text) {
    const auto record = parse_key_record(text);
    if (!record) return std::string(describe(record.error()));
    std::string told = record->type == KeyType::Rsa ? "rsa" : "ed25519";
    if (!record->sha256) told += " no-sha256";
    if (!record->email) told += " no-email";
    if (record->testing) told += " testing";
    if (record->same_domain) told += " same-domain";
    return told + " " + record->key;
}

TEST(KeyRecord, IsRead) {
    struct Case {
        const char* title;
        std::string text;
        std::string told;
    };
    const Case cases[] = {
        {"all defaults", "p=QUJD", "rsa ABC"},
        {"version first", "v=DKIM1; p=QUJD", "rsa ABC"},
        {"version not first", "p=QUJD; v=DKIM1", "the key record is of another version"},
        {"other version", "v=DKIM2; p=QUJD", "the key record is of another version"},
        {"version in lower case", "v=dkim1; p=QUJD", "the key record is of another version"},
        {"ed25519", "k=ed25519; p=QUJD", "ed25519 ABC"},
        {"unknown type", "k=dsa; p=QUJD", "the key is of an unknown type"},
        {"empty type", "k=; p=QUJD", "the key is of an unknown type"},
        {"revoked", "v=DKIM1; p=", "rsa "},
        {"no key", "v=DKIM1; k=rsa", "the key record has no p="},
        {"no base64", "p=!", "the key is no base64"},
        {"key with blanks", "p=Q U\tJ D", "rsa ABC"},
        {"hash that is not ours", "h=sha1; p=QUJD", "rsa no-sha256 ABC"},
        {"hashes", "h=sha1 : sha256; p=QUJD", "rsa ABC"},
        {"empty hash list", "h=; p=QUJD", "rsa no-sha256 ABC"},
        {"not for mail", "s=tlsrpt; p=QUJD", "rsa no-email ABC"},
        {"for mail and more", "s=other:email; p=QUJD", "rsa ABC"},
        {"for everything", "s=*; p=QUJD", "rsa ABC"},
        {"flags", "t=y : s; p=QUJD", "rsa testing same-domain ABC"},
        {"unknown flags", "t=x:z; p=QUJD", "rsa ABC"},
        {"granularity is obsolete", "g=j*; p=QUJD", "rsa ABC"},
        {"notes", "n=a note with words; p=QUJD", "rsa ABC"},
        {"unknown tags", "zz=1; p=QUJD", "rsa ABC"},
        {"twice", "p=QUJD; p=QUJD", "the key record is malformed"},
        {"some other record", "v=spf1 -all", "the key record is of another version"},
        {"text", "hello", "the key record is malformed"},
        {"nothing", "", "the key record is malformed"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(read(c.text), c.told);
    }
}

}  // namespace
}  // namespace postern::auth::dkim
