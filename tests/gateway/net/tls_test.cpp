/// @file Certificates by name, client certificates, versions, and handshakes that fail.

#include "gateway/net/tls_context.hpp"

#include <cstdio>
#include <fstream>

#include "tests/gateway/net/certificates.hpp"
#include "tests/gateway/net/front.hpp"

namespace postern::net {
namespace {

using testing_support::Client;
using testing_support::FrontTest;
using testing_support::issue;
using testing_support::Issued;

/// SSL_set_tlsext_host_name without its C cast.
void ask_for(SSL* session, const char* name) {
    std::string copy = name;
    SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, copy.data());
}

class Tls : public FrontTest {
protected:
    void start_with(const std::vector<TlsIdentity>& identities, const TlsRules& rules = {}) {
        const auto context = TlsContext::make(identities, rules);
        ASSERT_TRUE(context) << context.error();
        start({.session = with_tls(), .tls = *context});
    }
    /// Connected, and ready for the handshake.
    Client ready() const {
        Client client(port_);
        (void)client.reply();
        (void)client.ask("EHLO c.example");
        EXPECT_EQ(client.ask("STARTTLS").substr(0, 3), "220");
        return client;
    }
    /// The name in the certificate that a client is shown that comes for `server_name`.
    std::string shown(const char* server_name) const {
        Client client = ready();
        EXPECT_TRUE(client.start_tls([server_name](SSL_CTX*, SSL* session) {
            if (server_name != nullptr) ask_for(session, server_name);
        }));
        return client.peer_name();
    }
};

TEST_F(Tls, CertificateIsChosenByTheNameTheClientAsksFor) {
    const Issued first = issue("mx.one.test", "DNS:mx.one.test");
    const Issued second = issue("two", "DNS:mx.two.test,DNS:*.three.test");
    const Issued third = issue("mx.four.test", "");  // a name in the subject only
    start_with({first.identity(), second.identity(), third.identity()});
    EXPECT_EQ(shown(nullptr), "mx.one.test");
    EXPECT_EQ(shown("mx.one.test"), "mx.one.test");
    EXPECT_EQ(shown("mx.two.test"), "two");
    EXPECT_EQ(shown("MX.Two.Test"), "two");
    EXPECT_EQ(shown("a.three.test"), "two");
    EXPECT_EQ(shown("a.b.three.test"), "mx.one.test") << "a wildcard is for one label";
    EXPECT_EQ(shown("three.test"), "mx.one.test");
    EXPECT_EQ(shown("mx.four.test"), "mx.four.test");
    EXPECT_EQ(shown("elsewhere.test"), "mx.one.test");
}

TEST_F(Tls, FactsOfASession) {
    start_with({issue("mx.test", "DNS:mx.test").identity()});
    Client client = ready();
    ASSERT_TRUE(client.start_tls([](SSL_CTX*, SSL* session) { ask_for(session, "MX.test"); }));
    EXPECT_EQ(client.ask("NOOP").substr(0, 3), "250");
    const TlsFacts facts = record_.tls();
    EXPECT_EQ(facts.protocol, "TLSv1.3");
    EXPECT_EQ(facts.cipher, "TLS_AES_256_GCM_SHA384");
    EXPECT_EQ(facts.bits, 256);
    EXPECT_EQ(facts.server_name, "mx.test");
    EXPECT_EQ(facts.certificate, std::nullopt);
    EXPECT_FALSE(facts.resumed);
}

TEST_F(Tls, ServerNameThatIsNoHostNameIsNotPassedOn) {
    start_with({issue("mx.test", "DNS:mx.test").identity(), issue("b", "DNS:b.test").identity()});
    for (const char* name : {"evil\r\nname", "a b", "\xc3\xa4.test"}) {
        Client client = ready();
        if (!client.start_tls([name](SSL_CTX*, SSL* session) { ask_for(session, name); })) {
            continue;
        }
        (void)client.ask("NOOP");
        EXPECT_EQ(record_.tls().server_name, "");
    }
}

TEST_F(Tls, MinimumVersionHolds) {
    const auto at_most = [](int version) {
        return [version](SSL_CTX*, SSL* session) { SSL_set_max_proto_version(session, version); };
    };
    const TlsIdentity identity = issue("mx.test", "DNS:mx.test").identity();
    start_with({identity});
    EXPECT_TRUE(ready().start_tls(at_most(TLS1_2_VERSION)));
    EXPECT_FALSE(ready().start_tls(at_most(TLS1_1_VERSION)));
    record_.wait_for("handshake failed");
    server_.reset();
    TlsRules rules;
    rules.tls13_only = true;
    start_with({identity}, rules);
    EXPECT_TRUE(ready().start_tls());
    EXPECT_FALSE(ready().start_tls(at_most(TLS1_2_VERSION)));
}

/// Shows `who` where a client certificate is asked for.
Client::Configure with_certificate(const Issued& who) {
    return [&who](SSL_CTX*, SSL* session) {
        SSL_use_certificate(session, who.certificate.get());
        SSL_use_PrivateKey(session, who.key.get());
    };
}

TEST_F(Tls, ClientCertificateIsAFactAndNeverACondition) {
    const Issued ca = issue("CA", "");
    const Issued partner = issue("partner.test", "DNS:partner.test", &ca);
    const Issued stranger = issue("stranger.test", "DNS:stranger.test");
    TlsRules rules;
    rules.ask_client_certificate = true;
    rules.client_ca = ca.identity().certificate;
    start_with({issue("mx.test", "DNS:mx.test").identity()}, rules);
    {
        Client client = ready();
        ASSERT_TRUE(client.start_tls(with_certificate(partner)));
        EXPECT_EQ(client.ask("NOOP").substr(0, 3), "250");
        const auto facts = record_.tls().certificate;
        ASSERT_TRUE(facts);
        EXPECT_EQ(facts->subject, "CN=partner.test");
        EXPECT_EQ(facts->issuer, "CN=CA");
        EXPECT_EQ(facts->fingerprint.size(), 64U);
        EXPECT_TRUE(facts->verified) << facts->problem;
    }
    {
        Client client = ready();
        ASSERT_TRUE(client.start_tls(with_certificate(stranger)));
        EXPECT_EQ(client.ask("NOOP").substr(0, 3), "250");
        const auto facts = record_.tls().certificate;
        ASSERT_TRUE(facts);
        EXPECT_EQ(facts->subject, "CN=stranger.test");
        EXPECT_FALSE(facts->verified);
        EXPECT_NE(facts->problem, "");
    }
    Client client = ready();
    ASSERT_TRUE(client.start_tls());
    EXPECT_EQ(client.ask("NOOP").substr(0, 3), "250");
    EXPECT_EQ(record_.tls().certificate, std::nullopt);
}

TEST_F(Tls, NamesInACertificateAreCleanedAndCut) {
    const Issued hostile = issue("a\r\n250 ok" + std::string(40, 'x'), "");
    TlsRules rules;
    rules.ask_client_certificate = true;
    start_with({issue("mx.test", "DNS:mx.test").identity()}, rules);
    Client client = ready();
    ASSERT_TRUE(client.start_tls(with_certificate(hostile)));
    EXPECT_EQ(client.ask("NOOP").substr(0, 3), "250");
    const auto facts = record_.tls().certificate;
    ASSERT_TRUE(facts);
    EXPECT_TRUE(std::all_of(facts->subject.begin(), facts->subject.end(), [](char c) {
        return c >= ' ' && c <= '~';
    })) << facts->subject;
    EXPECT_FALSE(facts->verified) << "nobody is trusted without a CA";
}

TEST_F(Tls, NewCertificatesDropNoSession) {
    start_with({issue("old.test", "DNS:old.test").identity()});
    Client established = ready();
    ASSERT_TRUE(established.start_tls());
    Client waiting = ready();
    const auto renewed = TlsContext::make({issue("new.test", "DNS:new.test").identity()}, {});
    ASSERT_TRUE(renewed);
    server_->use(*renewed);
    EXPECT_EQ(shown(nullptr), "new.test");
    EXPECT_EQ(established.ask("EHLO again.example").substr(0, 3), "250");
    ASSERT_TRUE(waiting.start_tls());
    EXPECT_EQ(waiting.peer_name(), "old.test") << "it keeps what it came for";
}

TEST_F(Tls, SessionIsResumedWithAClientCertificate) {
    const Issued partner = issue("partner.test", "DNS:partner.test");
    TlsRules rules;
    rules.ask_client_certificate = true;
    start_with({issue("mx.test", "DNS:mx.test").identity()}, rules);
    std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> ticket(nullptr, SSL_SESSION_free);
    {
        Client client = ready();
        ASSERT_TRUE(client.start_tls(with_certificate(partner)));
        EXPECT_EQ(client.ask("QUIT").substr(0, 3), "221");  // tickets come behind the handshake
        EXPECT_EQ(client.reply(), "");  // and a session that was cut off is not resumed
        ticket.reset(client.session());
    }
    Client client = ready();
    ASSERT_TRUE(
        client.start_tls([&](SSL_CTX*, SSL* session) { SSL_set_session(session, ticket.get()); }));
    EXPECT_EQ(client.ask("NOOP").substr(0, 3), "250");
    EXPECT_TRUE(record_.tls().resumed);
    ASSERT_TRUE(record_.tls().certificate);
    EXPECT_EQ(record_.tls().certificate->subject, "CN=partner.test");
}

TEST_F(Tls, BrokenHandshakesCostTheirConnectionOnly) {
    start_with({issue("mx.test", "DNS:mx.test").identity()});
    Client steady = ready();
    ASSERT_TRUE(steady.start_tls());
    const std::string garbage[] = {
        "EHLO plaintext.example\r\n", std::string(5, '\0'), "\x16\x03\x01\xff\xff",
        std::string("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", 10), std::string(70000, '\xff')};
    for (const std::string& bytes : garbage) {
        Client broken = ready();
        broken.send(bytes);
        broken.end_output();
        (void)broken.reply();
        EXPECT_EQ(steady.ask("EHLO c.example").substr(0, 3), "250");
    }
    record_.wait_for("handshake failed");
}

struct BadIdentity {
    const char* title;
    TlsIdentity identity;
    const char* words;
};

TEST(TlsContextMake, SaysWhatIsWrong) {
    const TlsIdentity good = issue("mx.test", "DNS:mx.test").identity();
    const TlsIdentity other = issue("other.test", "DNS:other.test").identity();
    const BadIdentity cases[] = {
        {"no certificate", {"nonsense", good.key, "a.pem"}, "cannot use certificate a.pem"},
        {"no key", {good.certificate, "nonsense", "a.pem"}, "cannot read the key"},
        {"another's key", {good.certificate, other.key, "a.pem"}, "does not belong"},
        {"empty", {"", "", "a.pem"}, "cannot use certificate a.pem"},
    };
    for (const BadIdentity& c : cases) {
        SCOPED_TRACE(c.title);
        const auto made = TlsContext::make({good, c.identity}, {});
        ASSERT_FALSE(made);
        EXPECT_NE(made.error().find(c.words), std::string::npos) << made.error();
    }
    EXPECT_FALSE(TlsContext::make({}, {}));
    TlsRules rules;
    rules.client_ca = "nonsense";
    EXPECT_FALSE(TlsContext::make({good}, rules));
    EXPECT_TRUE(TlsContext::make({good, other}, {})) << "and nothing is left of the errors before";
}

}  // namespace
}  // namespace postern::net
