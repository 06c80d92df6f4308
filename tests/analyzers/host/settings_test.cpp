#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "analyzers/host/analyzer_settings.hpp"
#include "analyzers/host/job.hpp"
#include "analyzers/host/sealed_message.hpp"

namespace postern::host {
namespace {

using namespace std::chrono_literals;

TEST(AnalyzerSettings, SurviveTheirJson) {
    AnalyzerSettings settings;
    settings.clamav = "/var/lib/clam \"av\"";
    settings.clamav_all_parsers = true;
    settings.clamav_unwanted = true;
    settings.yara = {"/a", "/b"};
    settings.require = JailRequirement::Reduced;
    settings.idle_workers = 1;
    settings.max_workers = 2;
    settings.memory = 3;
    settings.scratch = 4;
    settings.scratch_base = "/var/lib/postern/scratch";
    settings.cpu_time = 5s;
    settings.wall_time = 6s;
    const auto back = settings_from_json(to_json(settings));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, settings);
}

TEST(AnalyzerSettings, RefuseWhatTheyDoNotKnow) {
    const std::string good = to_json({});
    const auto replaced = [&](const std::string& what, const std::string& with) {
        std::string text = good;
        return text.replace(text.find(what), what.size(), with);
    };
    const struct {
        const char* title;
        std::string text;
    } cases[] = {{"nothing", ""},
                 {"no JSON", "{"},
                 {"a list", "[]"},
                 {"a key too few", "{\"clamav\":\"\"}"},
                 {"a key too many", replaced("{", "{\"more\":1,")},
                 {"a wrong type", replaced("\"max_workers\":16", "\"max_workers\":\"16\"")},
                 {"a level that is none", replaced("\"full\"", "\"none\"")}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_FALSE(settings_from_json(c.text));
    }
}

TEST(JobParameters, SurviveTheirPacking) {
    const JobParameters job{.kind = MessageKind::Object,
                            .limits = {.depth = 1,
                                       .objects = 2,
                                       .bytes = std::uint64_t{3} << 40,
                                       .object_bytes = std::uint64_t{4} << 40,
                                       .ratio = 5,
                                       .names = 6,
                                       .milliseconds = 0xFFFFFFFF}};
    EXPECT_EQ(unpack(pack(job)), job);
    sandbox::Parameters other_version = pack(job);
    other_version[0] = std::byte{9};
    EXPECT_FALSE(unpack(other_version));
    sandbox::Parameters no_kind = pack(job);
    no_kind[1] = std::byte{2};
    EXPECT_FALSE(unpack(no_kind));
}

TEST(SealedMessage, CannotBeChangedAnyMore) {
    const auto message = sealed_message("hello");
    ASSERT_TRUE(message);
    struct stat about {};
    ASSERT_EQ(::fstat(message->get(), &about), 0);
    EXPECT_EQ(about.st_size, 5);
    EXPECT_LT(::pwrite(message->get(), "J", 1, 0), 0);
    EXPECT_LT(::ftruncate(message->get(), 1), 0);
    EXPECT_LT(::ftruncate(message->get(), 9), 0);
    EXPECT_EQ(::mmap(nullptr, 5, PROT_READ | PROT_WRITE, MAP_SHARED, message->get(), 0),
              MAP_FAILED);
    EXPECT_TRUE(sealed_message(""));
}

}  // namespace
}  // namespace postern::host
