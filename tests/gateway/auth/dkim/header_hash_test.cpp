#include "gateway/auth/dkim/header_hash.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::auth::dkim {
namespace {

std::string canonical(const std::string& field, Canonicalization canonicalization) {
    const mail::HeaderBlock block(field);
    std::string text;
    append_canonical(text, block[0], canonicalization);
    return text;
}

TEST(HeaderCanonicalization, FollowsTheRules) {
    struct Case {
        const char* title;
        std::string field;
        std::string relaxed;
    };
    const Case cases[] = {
        {"RFC 6376 3.4.5, A", "A: X\r\n", "a:X\r\n"},
        {"RFC 6376 3.4.5, B", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"},
        {"name in lower case", "SubJECT: AbC\r\n", "subject:AbC\r\n"},
        {"empty value", "A:\r\n", "a:\r\n"},
        {"blanks only", "A: \t \r\n", "a:\r\n"},
        {"folded into nothing", "A:\r\n \r\n", "a:\r\n"},
        {"value on the second line", "A:\r\n b\r\n", "a:b\r\n"},
        {"colon in the value", "A: b : c\r\n", "a:b : c\r\n"},
        {"bare LF is no fold", "A: b\n c\r\n", "a:b\n c\r\n"},
        {"bare LF is no line end", "A: b\n", "a:b\n\r\n"},
        {"bare CR stays", "A: b\rc\r\n", "a:b\rc\r\n"},
        {"last line without its end", "A: b", "a:b\r\n"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(canonical(c.field, Canonicalization::Relaxed), c.relaxed);
        std::string whole = c.field;
        if (whole.ends_with("\r\n")) whole.resize(whole.size() - 2);
        EXPECT_EQ(canonical(c.field, Canonicalization::Simple), whole + "\r\n");
    }
}

TEST(FieldSelection, TakesFromTheBottomAndIgnoresWhatIsMissing) {
    const mail::HeaderBlock header("A: 1\r\nB: 2\r\na: 3\r\nA: 4\r\n\r\n");
    const FieldIndex index(header, {"a", "b", "c"});
    const auto selected = [&](const std::vector<std::string>& names) {
        return select_fields(index, names);
    };
    using Indices = std::vector<std::size_t>;
    EXPECT_EQ(selected({"a"}), (Indices{3}));
    EXPECT_EQ(selected({"a", "b", "a", "a"}), (Indices{3, 1, 2, 0}));
    EXPECT_EQ(selected({"a", "a", "a", "a", "c"}), (Indices{3, 2, 0}));
    EXPECT_EQ(selected({}), Indices{});
}

TEST(SignatureField, IsHashedWithoutTheValueOfB) {
    struct Case {
        const char* title;
        std::string field;
        std::string simple;
    };
    const std::string front =
        "DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; h=from; "
        "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; ";
    const Case cases[] = {
        {"at the end", front + "b=QUJD\r\n", front + "b="},
        {"with blanks around", front + "b= QU\r\n\tJD \r\n", front + "b="},
        {"in the middle", front + "b= QUJD ; t=1\r\n", front + "b=; t=1"},
        {"blank before the equals sign", front + "b =QUJD;\r\n", front + "b =;"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        const mail::HeaderBlock block(c.field);
        const Signature signature = parse_signature(block[0], SignatureKind::Dkim, {});
        ASSERT_FALSE(signature.problem && signature.b_end == 0);
        std::string text;
        append_canonical_signature(text, signature);
        EXPECT_EQ(text, c.simple);
    }
}

}  // namespace
}  // namespace postern::auth::dkim
