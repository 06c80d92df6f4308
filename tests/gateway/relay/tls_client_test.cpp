#include "gateway/relay/tls_client.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

#include "gateway/relay/next_hop.hpp"
#include "tests/gateway/relay/certificates.hpp"
#include "tests/gateway/relay/courses.hpp"
#include "tests/gateway/relay/hops.hpp"
#include "tests/support/dns/fake_resolver.hpp"

namespace postern::relay {
namespace {

using dns::RecordType;
using testing_support::certificate_digest;
using testing_support::Identity;
using testing_support::key_digest;
using testing_support::make_identity;
using testing_support::Sink;
using testing_support::TemporaryFolder;
using Kind = TlsProof::Kind;

class TlsProofs : public ::testing::Test {
protected:
    TlsProofs() {
        std::ofstream(folder_.path() + "/ours.pem") << testing_support::pem(authority);
        std::ofstream(folder_.path() + "/other.pem") << testing_support::pem(stranger);
    }
    [[nodiscard]] std::string file(const std::string& name) const {
        return folder_.path() + "/" + name + ".pem";
    }
    /// Why the handshake failed; "": it did not.
    std::string outcome(const TlsProof& proof, const Identity& shown,
                        const std::string& trust = "ours", const Identity* chain = nullptr) {
        const TlsClientContext context(file(trust));
        TlsClient client = context.connect(proof);
        if (testing_support::handshake(client, shown, chain)) return "";
        return client.why().empty() ? "no reason" : client.why();
    }

    const Identity authority = make_identity({.name = "Our authority", .authority = true});
    const Identity stranger = make_identity({.name = "Another authority", .authority = true});
    const Identity good = make_identity(
        {.name = "ignored", .subject = "DNS:hop.test,DNS:*.wild.test,IP:192.0.2.1"}, &authority);
    const Identity expired = make_identity(
        {.name = "hop.test", .subject = "DNS:hop.test", .valid_for = -60}, &authority);
    const Identity own = make_identity({.name = "hop.test", .subject = "DNS:hop.test"});

private:
    TemporaryFolder folder_;
};

TEST_F(TlsProofs, ByNameNeedChainDatesAndName) {
    const auto proof = [](std::string name) {
        return TlsProof{.kind = Kind::Name, .server_name = name, .names = {name}};
    };
    EXPECT_EQ(outcome(proof("hop.test"), good), "");
    EXPECT_EQ(outcome(proof("HOP.TEST"), good), "");
    EXPECT_EQ(outcome(proof("192.0.2.1"), good), "");
    EXPECT_EQ(outcome(proof("mx1.wild.test"), good), "");
    EXPECT_EQ(outcome(proof("a.b.wild.test"), good), "hostname mismatch");
    EXPECT_EQ(outcome(proof("ignored"), good), "hostname mismatch");
    EXPECT_EQ(outcome(proof("192.0.2.2"), good), "IP address mismatch");
    EXPECT_EQ(outcome(proof("hop.test"), expired), "certificate has expired");
    EXPECT_EQ(outcome(proof("hop.test"), own), "self-signed certificate");
    EXPECT_EQ(outcome(proof("hop.test"), good, "other"), "unable to get local issuer certificate");
}

TEST_F(TlsProofs, NoneTakesAnything) {
    for (const Identity* each : {&good, &expired, &own}) EXPECT_EQ(outcome({}, *each), "");
}

TEST_F(TlsProofs, ByPinTakeTheKeyOrTheCertificateWhateverItSays) {
    const auto proof = [](std::vector<std::string> pins) {
        return TlsProof{.kind = Kind::Pin, .pins = std::move(pins)};
    };
    const X509* shown = expired.certificate.get();
    EXPECT_EQ(outcome(proof({certificate_digest(shown)}), expired), "");
    EXPECT_EQ(outcome(proof({std::string(32, 'x'), key_digest(shown)}), expired), "");
    for (const auto& pins : {std::vector<std::string>{},
                             {""},
                             {std::string(32, 'x')},
                             {certificate_digest(good.certificate.get())}}) {
        EXPECT_EQ(outcome(proof(pins), expired),
                  "neither key nor certificate is one of the pinned");
    }
}

TEST_F(TlsProofs, ByDaneFollowRfc7672) {
    const X509* leaf = good.certificate.get();
    const X509* issuer = authority.certificate.get();
    const X509* aged = expired.certificate.get();
    const std::string wrong(32, 'x');
    const struct {
        std::string title;
        std::vector<dns::TlsaRecord> records;
        std::string name;
        const Identity& shown;
        bool proven;
    } cases[] = {
        {"3 1 1", {{3, 1, 1, key_digest(leaf)}}, "hop.test", good, true},
        {"3 0 1", {{3, 0, 1, certificate_digest(leaf)}}, "hop.test", good, true},
        {"3 0 0", {{3, 0, 0, testing_support::der(leaf)}}, "hop.test", good, true},
        {"3 1 1 binds by itself: another name",
         {{3, 1, 1, key_digest(leaf)}},
         "else.test",
         good,
         true},
        {"3 1 1 binds by itself: expired",
         {{3, 1, 1, key_digest(aged)}},
         "hop.test",
         expired,
         true},
        {"3 1 1 of another key", {{3, 1, 1, wrong}}, "hop.test", good, false},
        {"3 1 1 of the authority", {{3, 1, 1, key_digest(issuer)}}, "hop.test", good, false},
        {"one of two", {{3, 1, 1, wrong}, {3, 1, 1, key_digest(leaf)}}, "hop.test", good, true},
        {"2 0 1", {{2, 0, 1, certificate_digest(issuer)}}, "hop.test", good, true},
        {"2 1 1", {{2, 1, 1, key_digest(issuer)}}, "hop.test", good, true},
        {"2 0 1, another name", {{2, 0, 1, certificate_digest(issuer)}}, "else.test", good, false},
        {"2 0 1, expired", {{2, 0, 1, certificate_digest(issuer)}}, "hop.test", expired, false},
        {"2 0 1 of another authority",
         {{2, 0, 1, certificate_digest(stranger.certificate.get())}},
         "hop.test",
         good,
         false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        const TlsProof proof{
            .kind = Kind::Dane, .server_name = c.name, .names = {c.name}, .tlsa = c.records};
        const std::string why = outcome(proof, c.shown, "other", &authority);
        EXPECT_EQ(why.empty(), c.proven) << why;
    }
    const TlsProof by_domain{.kind = Kind::Dane,
                             .server_name = "mx.test",
                             .names = {"mx.test", "hop.test"},
                             .tlsa = {{2, 0, 1, certificate_digest(issuer)}}};
    EXPECT_EQ(outcome(by_domain, good, "other", &authority), "") << "the domain's name will do";
}

TEST_F(TlsProofs, WithoutAUsableRecordNothingIsProven) {
    const TlsProof proof{.kind = Kind::Dane,
                         .server_name = "hop.test",
                         .names = {"hop.test"},
                         .tlsa = {{3, 0, 0, "no certificate"}}};
    EXPECT_NE(outcome(proof, good, "other", &authority), "");
}

TEST(Tls, IsRequiredOfARealServerInEachWay) {
    const Sink sink({"--starttls"});
    const Sink clear;
    const auto shown = testing_support::read_certificate(sink.certificate());
    const std::string key = key_digest(shown.get());
    const std::string wrong(32, 'x');
    tests::FakeResolver dns;
    dns::Answer address;
    address.status = dns::Status::Found;
    address.addresses = {mail::IpAddress::parse("127.0.0.1").value()};
    address.secure = true;
    for (const char* name : {"sink.test", "liar.test", "bare.test", "clear.test"}) {
        dns.put(name, RecordType::A, address);
    }
    dns::Answer tlsa;
    tlsa.status = dns::Status::Found;
    tlsa.secure = true;
    const std::string owner = "_" + std::to_string(sink.port()) + "._tcp.";
    tlsa.tlsa = {{3, 1, 1, key}};
    dns.put(owner + "sink.test", RecordType::Tlsa, tlsa);
    dns.put("_" + std::to_string(clear.port()) + "._tcp.clear.test", RecordType::Tlsa, tlsa);
    tlsa.tlsa = {{3, 1, 1, wrong}};
    dns.put(owner + "liar.test", RecordType::Tlsa, tlsa);
    const struct {
        std::string title, host;
        HopTls tls;
        bool delivered;
        std::string problem;
    } cases[] = {
        {"its own authority, its name",
         "sink.test",
         {.mode = TlsMode::Required, .trust = sink.certificate()},
         true,
         ""},
        {"another host, the name as set",
         "bare.test",
         {.mode = TlsMode::Required, .trust = sink.certificate(), .name = "sink.test"},
         true,
         ""},
        {"another name",
         "bare.test",
         {.mode = TlsMode::Required, .trust = sink.certificate()},
         false,
         "hostname mismatch"},
        {"an authority we do not know",
         "sink.test",
         {.mode = TlsMode::Required},
         false,
         "self-signed certificate"},
        {"pinned key", "127.0.0.1", {.mode = TlsMode::Pinned, .pins = {key}}, true, ""},
        {"pinned certificate",
         "127.0.0.1",
         {.mode = TlsMode::Pinned, .pins = {certificate_digest(shown.get())}},
         true,
         ""},
        {"another pin", "127.0.0.1", {.mode = TlsMode::Pinned, .pins = {wrong}}, false, "pinned"},
        {"dane", "sink.test", {.mode = TlsMode::Dane}, true, ""},
        {"dane, another key", "liar.test", {.mode = TlsMode::Dane}, false, "TLS handshake"},
        {"dane, no TLS offered", "clear.test", {.mode = TlsMode::Dane}, false, "TLS is required"},
        {"dane without records", "bare.test", {.mode = TlsMode::Dane}, true, ""},
        {"dane-only", "sink.test", {.mode = TlsMode::DaneOnly}, true, ""},
        {"dane-only without records",
         "bare.test",
         {.mode = TlsMode::DaneOnly},
         false,
         "no secure TLSA"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        HopSettings settings = at(c.host == "clear.test" ? clear.port() : sink.port());
        settings.host = c.host;
        settings.tls = c.tls;
        NextHop hop(settings, &dns);
        const Course course = deliver(hop, {"bob@dest.test"}, "a\r\n");
        EXPECT_EQ(course.recipients, Words{c.delivered ? "250 2.1.5 recipient ok" : kDown});
        EXPECT_NE(course.problem.find(c.problem), std::string::npos) << course.problem;
        EXPECT_TRUE(!c.delivered || sink.envelopes().rbegin()->second.starts_with("TLS\n"));
    }
}

}  // namespace
}  // namespace postern::relay
