// Any bytes through the whole pipeline: the same report twice, in order, and small enough to send.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "analyzers/pipeline/pipeline.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern;
    using namespace postern::analyzers;
    if (size == 0) return 0;
    const RootKind kind = (data[0] & 1U) != 0 ? RootKind::Message : RootKind::Object;
    const ByteView bytes = std::as_bytes(std::span{data, size}).subspan(1);
    Limits limits;
    limits.milliseconds = 3600000;
    limits.bytes = 4 << 20;
    limits.object_bytes = 1 << 20;
    const Report report = analyze(bytes, kind, "a", limits, {});
    if (!(report == analyze(bytes, kind, "a", limits, {}))) std::abort();
    if (report.objects.empty() || report.objects.size() > limits.objects) std::abort();
    for (std::size_t i = 1; i < report.objects.size(); ++i) {
        if (!report.objects[i].parent || *report.objects[i].parent >= i) std::abort();
    }
    std::size_t total = 0;
    for (const Url& url : report.urls) {
        if (url.object >= report.objects.size()) std::abort();
        total += url.url.size() + url.normalized.size();
    }
    for (const Finding& finding : report.findings) {
        if (finding.object && *finding.object >= report.objects.size()) std::abort();
        total += finding.detail.size();
    }
    if (total > kMaxReport) std::abort();
    return 0;
}
