#include "gateway/transaction/trace_fields.hpp"

#include <gtest/gtest.h>

namespace postern::transaction {
namespace {

TraceFacts facts() {
    TraceFacts known;
    known.hostname = "mx.example";
    known.helo = "client.example";
    known.client_ip = "192.0.2.1";
    known.id = "01J";
    known.time = 1767323045;
    return known;
}

TEST(TraceFields, ReceivedSaysFromByWithIdAndDate) {
    EXPECT_EQ(received_field(facts()),
              "Received: from client.example ([192.0.2.1])\r\n\tby mx.example with ESMTP id 01J;"
              "\r\n\tFri, 02 Jan 2026 03:04:05 +0000\r\n");
}

TEST(TraceFields, ReceivedNamesTheProtocolInUse) {
    struct {
        const char* title;
        bool esmtp;
        bool smtputf8;
        const char* tls;
        const char* expected;
    } const cases[] = {{"plain HELO", false, false, "", " with SMTP id"},
                       {"EHLO", true, false, "", " with ESMTP id"},
                       {"TLS", true, false, "TLSv1.3", " with ESMTPS id"},
                       {"SMTPUTF8", true, true, "", " with UTF8SMTP id"},
                       {"SMTPUTF8 in TLS", true, true, "TLSv1.3", " with UTF8SMTPS id"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        TraceFacts known = facts();
        known.esmtp = c.esmtp;
        known.smtputf8 = c.smtputf8;
        if (*c.tls != '\0') known.tls = net::TlsFacts{.protocol = c.tls, .cipher = "X"};
        EXPECT_NE(received_field(known).find(c.expected), std::string::npos);
    }
}

TEST(TraceFields, ReceivedSaysWhatIsKnownOfTheClient) {
    TraceFacts known = facts();
    known.client_name = "out.client.example";
    known.tls =
        net::TlsFacts{.protocol = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384", .bits = 256};
    known.tls->certificate = net::ClientCertificate{.subject = "CN=a) (b\\", .verified = true};
    EXPECT_EQ(received_field(known),
              "Received: from client.example (out.client.example [192.0.2.1])\r\n"
              "\tby mx.example with ESMTPS id 01J\r\n"
              "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256 bits)\r\n"
              "\t client certificate verified: CN=a? ?b?);\r\n"
              "\tFri, 02 Jan 2026 03:04:05 +0000\r\n");
}

TEST(TraceFields, NothingAClientSaysEndsTheField) {
    TraceFacts known = facts();
    known.helo = "x\r\nSubject: forged (comment \"quoted\" \xC3\xA9";
    const std::string field = received_field(known);
    EXPECT_NE(field.find("from x??Subject:?forged??comment"), std::string::npos) << field;
    known.helo = std::string(5000, 'a');
    EXPECT_LT(received_field(known).size(), 600U);
    known.helo = "";
    EXPECT_NE(received_field(known).find("from unknown "), std::string::npos);
}

TEST(TraceFields, VerdictFieldIsAsTheContractsSay) {
    verdict::Judgement judgement;
    judgement.mail_class = verdict::MailClass::Spam;
    judgement.score = 6.25;
    judgement.reasons = {"A", "B"};
    EXPECT_EQ(verdict_field(judgement, verdict::Action::Tag, "01J"),
              "X-Postern-Verdict: tag; class=spam; score=6.2; id=01J;\r\n\tcodes=A,B\r\n");
    EXPECT_EQ(verdict_field({}, verdict::Action::Deliver, "01J"),
              "X-Postern-Verdict: deliver; class=clean; score=0.0; id=01J;\r\n\tcodes=none\r\n");
}

}  // namespace
}  // namespace postern::transaction
