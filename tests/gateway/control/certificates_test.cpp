#include "gateway/control/certificates.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "gateway/control/channel.hpp"

namespace postern::control {
namespace {

TEST(Certificates, DocumentComesBackAsItWas) {
    const CertificateSet set{{{"one\n", "key one\n", "a.pem"}, {"two\n", "key two\n", "b.pem"}},
                             "ca\n"};
    const auto back = from_document(to_document(set));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->client_ca, "ca\n");
    ASSERT_EQ(back->identities.size(), 2U);
    EXPECT_EQ(back->identities[1].certificate, "two\n");
    EXPECT_EQ(back->identities[1].key, "key two\n");
    EXPECT_EQ(back->identities[1].origin, "b.pem");
}

TEST(Certificates, WhatIsNoDocumentIsRefused) {
    for (const char* text : {"", "{}", "[]", R"({"identities":[{}],"client_ca":""})",
                             R"({"identities":1,"client_ca":""})", R"({"identities":[]})"}) {
        EXPECT_FALSE(from_document(text)) << text;
    }
    EXPECT_TRUE(from_document(to_document({{{"\xff\xfe", "", ""}}, ""})))
        << "what is no text is told by who loads it";
}

TEST(Certificates, NoticeNeedsItsDescriptor) {
    const auto [ours, theirs] = Channel::make();
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(::pipe(pipe_ends.data()), 0);
    const UniqueFd reader(pipe_ends[0]);
    const UniqueFd writer(pipe_ends[1]);
    ASSERT_TRUE(ours.send(Notice::Certificates, writer.get()));
    const auto received = theirs.receive();
    ASSERT_TRUE(received);
    EXPECT_EQ(received->notice, Notice::Certificates);
    EXPECT_TRUE(received->descriptor);
    ASSERT_TRUE(ours.send(Notice::Certificates));
    EXPECT_FALSE(theirs.receive());
}

}  // namespace
}  // namespace postern::control
