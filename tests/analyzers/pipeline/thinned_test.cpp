#include "analyzers/pipeline/thinned.hpp"

#include <gtest/gtest.h>

#include "analyzers/base/base64.hpp"
#include "analyzers/pipeline/pipeline.hpp"

namespace postern::analyzers {
namespace {

std::string lines(std::size_t count, const std::string& end = "\r\n") {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        std::string line = std::to_string(i);
        line.resize(76, 'A');
        text += line + end;
    }
    return text;
}

std::string thinned(const std::string& text) {
    return without_encoded_bulk(as_bytes(text)).value_or("kept");
}

TEST(Thinned, KeepsFirstAndLastLinesOfALongRunAndAllAround) {
    const std::string head = "Subject: x\r\n\r\n";
    const std::string tail = "--b--\r\nepilogue without an end";
    const std::string bulk = lines(500);
    const std::string out = thinned(head + bulk + tail);
    const std::string expected =
        head + bulk.substr(0, kKeptLines * 78) + bulk.substr(bulk.size() - kKeptLines * 78) + tail;
    EXPECT_EQ(out, expected);
}

TEST(Thinned, TheEdgeOfALongRun) {
    EXPECT_EQ(thinned(lines(kBulkLines - 1)), "kept");
    EXPECT_EQ(thinned(lines(kBulkLines)).size(), 2 * kKeptLines * 78);
    EXPECT_EQ(thinned(lines(kBulkLines, "\n")).size(), 2 * kKeptLines * 77);
}

TEST(Thinned, LeavesWhatIsNoBulk) {
    EXPECT_EQ(thinned(""), "kept");
    std::string prose;
    for (int i = 0; i < 1000; ++i)
        prose += "This is a line of a text that has blanks in it, and dots.\r\n";
    EXPECT_EQ(thinned(prose), "kept");
    std::string broken = lines(1000);
    for (std::size_t i = 0; i < broken.size(); i += 78 * 100) broken[i + 5] = '!';
    EXPECT_EQ(thinned(broken), "kept");
}

/// Notes how many bytes it is shown.
class Measure final : public Engine {
public:
    explicit Measure(std::vector<std::size_t>& seen) : seen_(seen) {}
    [[nodiscard]] std::string_view name() const override { return "measure"; }
    void examine(const Artifact& artifact, const Budget& /*budget*/,
                 Analysis& /*into*/) const override {
        seen_.push_back(artifact.bytes.size());
    }

private:
    std::vector<std::size_t>& seen_;
};

TEST(Thinned, EnginesSeeTheAttachmentWholeAndItsCarrierThin) {
    const std::string content(200'000, 'x');
    const std::string encoded = base64_encode(as_bytes(content));
    std::string body;
    for (std::size_t at = 0; at < encoded.size(); at += 76) body += encoded.substr(at, 76) + "\r\n";
    const std::string mail =
        "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n" +
        body;
    std::vector<std::size_t> seen;
    std::vector<std::unique_ptr<Engine>> engines;
    engines.push_back(std::make_unique<Measure>(seen));
    const Report report = analyze(as_bytes(mail), RootKind::Message, {}, Limits{}, engines);
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_LT(seen[0], 10'000U);
    EXPECT_EQ(seen[1], content.size());
    EXPECT_EQ(report.objects[0].size, mail.size());
}

}  // namespace
}  // namespace postern::analyzers
