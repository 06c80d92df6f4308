#include "analyzers/pipeline/registry.hpp"

#include <algorithm>
#include <array>

#include "analyzers/archive/archive.hpp"
#include "analyzers/dmarc_report/dmarc_report.hpp"
#include "analyzers/html/html.hpp"
#include "analyzers/mime/mime.hpp"
#include "analyzers/text/text.hpp"

namespace postern::analyzers {
namespace {

constexpr std::array kAnalyzers = {
    kMimeAnalyzer, kTextAnalyzer, kHtmlAnalyzer, kArchiveAnalyzer, kDmarcReportAnalyzer,
};

}  // namespace

std::span<const Analyzer> registry() {
    return kAnalyzers;
}

bool engines_alone(std::string_view type) {
    constexpr std::array<std::string_view, 18> kKinds = {
        "ole", "doc", "xls", "ppt", "msg",    "msi", "publisher", "onenote", "tnef",
        "chm", "pdf", "rtf", "pst", "access", "swf", "dmg",       "vhd",     "udf"};
    return std::find(kKinds.begin(), kKinds.end(), type) != kKinds.end();
}

}  // namespace postern::analyzers
