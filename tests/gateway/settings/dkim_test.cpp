#include <gtest/gtest.h>

#include <string>

#include "gateway/settings/config_error.hpp"
#include "gateway/settings/settings.hpp"

namespace postern::settings {
namespace {

const std::string kKey =
    "[[dkim.key]]\ndomain = \"Example.ORG\"\nselector = \"S1\"\nfile = \"/k.pem\"\n";

TEST(DkimSettings, DefaultsSignNothing) {
    const Settings all = parse("", "test").settings;
    EXPECT_EQ(all.dkim.sign, SignScope::Off);
    EXPECT_TRUE(all.dkim.keys.empty());
    EXPECT_FALSE(all.arc.seal);
}

TEST(DkimSettings, KeysAreRead) {
    const Settings all = parse(
                             "[dkim]\nsign = \"all\"\nheader = \"simple\"\nlifetime = \"7d\"\n"
                             "fields = [\"From\", \"Subject\"]\n" +
                                 kKey + kKey +
                                 "[arc]\nseal = true\ndomain = \"example.org\"\nselector = "
                                 "\"a\"\nfile = \"/a.pem\"\n",
                             "test")
                             .settings;
    EXPECT_EQ(all.dkim.sign, SignScope::All);
    EXPECT_EQ(all.dkim.header, SignedForm::Simple);
    EXPECT_EQ(all.dkim.body, SignedForm::Relaxed);
    EXPECT_EQ(all.dkim.lifetime, std::chrono::hours(24 * 7));
    ASSERT_EQ(all.dkim.keys.size(), 2U);
    EXPECT_EQ(all.dkim.keys[0].domain, "example.org");
    EXPECT_EQ(all.dkim.keys[0].selector, "s1");
    EXPECT_TRUE(all.arc.seal);
    EXPECT_EQ(all.arc.key.file, "/a.pem");
}

TEST(DkimSettings, WhatCannotSignIsRefused) {
    struct Case {
        const char* title;
        std::string toml;
        const char* says;
    };
    const Case cases[] = {
        {"no key", "[dkim]\nsign = \"reports\"\n", "needs a [[dkim.key]]"},
        {"unknown scope", "[dkim]\nsign = \"some\"\n", "dkim.sign"},
        {"no From", "[dkim]\nfields = [\"Subject\"]\n", "must be signed"},
        {"bad field", "[dkim]\nfields = [\"From\", \"a b\"]\n", "no field name"},
        {"fraction of a second", "[dkim]\nlifetime = \"1500ms\"\n", "whole number"},
        {"domain of one label", "[[dkim.key]]\ndomain = \"org\"\nselector = \"s\"\nfile = \"k\"\n",
         "no domain name"},
        {"domain with an empty label",
         "[[dkim.key]]\ndomain = \"a..org\"\nselector = \"s\"\nfile = \"k\"\n", "no domain name"},
        {"selector with a slash",
         "[[dkim.key]]\ndomain = \"a.org\"\nselector = \"s/x\"\nfile = \"k\"\n", "no selector"},
        {"no file", "[[dkim.key]]\ndomain = \"a.org\"\nselector = \"s\"\n", "PEM file"},
        {"unknown key", kKey + "mode = 1\n", "mode"},
        {"sealing without a key", "[arc]\nseal = true\n", "arc.domain"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.title);
        try {
            (void)parse(c.toml, "test");
            ADD_FAILURE() << "it was taken";
        } catch (const ConfigError& error) {
            EXPECT_NE(std::string(error.what()).find(c.says), std::string::npos) << error.what();
        }
    }
}

}  // namespace
}  // namespace postern::settings
