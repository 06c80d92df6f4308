/// @file What a gateway signs on the way out, checked by a receiver's own code.

#include <gtest/gtest.h>

#include "gateway/auth/dkim/private_key.hpp"
#include "gateway/transaction/message_job.hpp"
#include "gateway/transaction/sign.hpp"
#include "tests/gateway/transaction/services_bench.hpp"

namespace postern::transaction {
namespace {

class SigningTest : public quarantine::StoreFixture {
protected:
    static const auth::dkim::PrivateKey& key() {
        static const auto made =
            auth::dkim::PrivateKey::generate(auth::dkim::KeyType::Ed25519, 0).value();
        return made;
    }
    settings::DkimKey key_of(const std::string& domain) {
        const std::string path = folder.path() + "/" + domain + ".pem";
        std::ofstream(path) << key().pem();
        std::filesystem::permissions(path, std::filesystem::perms::owner_read);
        return {domain, "k", path};
    }
    settings::Settings signing(const std::string& domain) {
        settings::Settings made = bench_settings();
        made.dkim.sign = settings::SignScope::All;
        made.dkim.keys = {key_of(domain)};
        return made;
    }
    ServicesBench& make(settings::Settings with) {
        bench.emplace(*store, std::move(with));
        bench->dns.txt("k._domainkey.sender.example", {key().record()});
        bench->dns.txt("k._domainkey.gw.dest.example", {key().record()});
        return *bench;
    }
    std::string delivered(const std::string& text) {
        auto mail = bench->mail(text);
        EXPECT_TRUE(decide_and_act(*mail).positive());
        const auto texts = bench->delivered();
        return texts.empty() ? std::string() : texts.back();
    }
    /// What the next machine makes of it.
    auth::Results received(const std::string& text) {
        auth::arc::SignedMessage taken = bench->authenticator.intake(std::time(nullptr));
        EXPECT_TRUE(feed_text(taken, text, auth::arc::LineEnds::AsOnTheWire));
        dns::Inquiry inquiry(bench->dns, {});
        auth::Results results;
        bench->authenticator.message(taken, inquiry, results);
        return results;
    }

    std::optional<ServicesBench> bench;
};

TEST_F(SigningTest, NothingIsAddedUnlessItIsTold) {
    make(bench_settings());
    const std::string text = delivered(ordinary_message());
    EXPECT_EQ(text.find("DKIM-Signature:"), std::string::npos);
    EXPECT_EQ(text.find("ARC-"), std::string::npos);
}

TEST_F(SigningTest, MailOfADomainWithAKeyIsSignedAsItLeaves) {
    make(signing("sender.example"));
    const std::string text = delivered(ordinary_message());
    ASSERT_TRUE(text.starts_with("DKIM-Signature: ")) << text;
    EXPECT_TRUE(text.ends_with(ordinary_message()));
    const auth::Results results = received(text);
    ASSERT_EQ(results.dkim.size(), 1U);
    EXPECT_EQ(results.dkim.front().result, auth::DkimResult::Pass) << results.dkim.front().detail;
    EXPECT_EQ(results.dkim.front().domain, "sender.example");
    std::string changed = text;
    changed.replace(changed.find("Hello.\r\n"), 5, "Hallo");
    EXPECT_EQ(received(changed).dkim.front().result, auth::DkimResult::Fail);
}

TEST_F(SigningTest, MailOfOthersIsNotSignedInTheirName) {
    make(signing("other.example"));
    EXPECT_EQ(delivered(ordinary_message()).find("DKIM-Signature:"), std::string::npos);
}

TEST_F(SigningTest, ReportsAloneIsNotWhatPassesBy) {
    settings::Settings settings = signing("sender.example");
    settings.dkim.sign = settings::SignScope::Reports;
    make(std::move(settings));
    EXPECT_EQ(delivered(ordinary_message()).find("DKIM-Signature:"), std::string::npos);
    const std::string own = bench->signer.own(ordinary_message(), "sender.example",
                                              static_cast<std::uint64_t>(std::time(nullptr)));
    EXPECT_TRUE(own.starts_with("DKIM-Signature: ")) << own;
    EXPECT_EQ(received(own).dkim.front().result, auth::DkimResult::Pass);
}

TEST_F(SigningTest, ASealCoversTheResultsThatWereFound) {
    settings::Settings settings = bench_settings();
    settings.arc.seal = true;
    settings.arc.key = key_of("gw.dest.example");
    make(std::move(settings));
    const std::string text = delivered(ordinary_message());
    EXPECT_NE(text.find("ARC-Seal: "), std::string::npos) << text;
    EXPECT_NE(text.find("ARC-Authentication-Results: i=1; gw.dest.example"), std::string::npos)
        << text;
    const auth::Results results = received(text);
    ASSERT_TRUE(results.arc);
    EXPECT_EQ(results.arc->result, auth::ArcResult::Pass) << results.arc->detail;
}

TEST_F(SigningTest, AHeldMessageIsSignedWhenItIsReleased) {
    make(signing("sender.example"));
    const UniqueFd file = testing_support::file_with(ordinary_message());
    const std::string fields = signature_fields(bench->services, file.get(), "Received: x\r\n");
    ASSERT_TRUE(fields.starts_with("DKIM-Signature: ")) << fields;
    const auth::Results results = received(fields + "Received: x\r\n" + ordinary_message());
    ASSERT_EQ(results.dkim.size(), 1U);
    EXPECT_EQ(results.dkim.front().result, auth::DkimResult::Pass) << results.dkim.front().detail;
}

TEST_F(SigningTest, KeysThatAreNotThoseOfTheSettingsAreRefused) {
    const settings::Settings settings = signing("sender.example");
    const auto keys = auth::signing_keys(settings.dkim, settings.arc);
    ASSERT_TRUE(keys) << keys.error();
    EXPECT_TRUE(auth::OutgoingSigner::make(settings.dkim, settings.arc, *keys));
    for (const std::string& wrong : {std::string(), *keys + *keys, std::string("no PEM")}) {
        EXPECT_FALSE(auth::OutgoingSigner::make(settings.dkim, settings.arc, wrong)) << wrong;
    }
}

}  // namespace
}  // namespace postern::transaction
