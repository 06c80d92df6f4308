#include "analyzers/pipeline/registry.hpp"

#include <array>

#include "analyzers/archive/archive.hpp"
#include "analyzers/html/html.hpp"
#include "analyzers/mime/mime.hpp"
#include "analyzers/text/text.hpp"

namespace postern::analyzers {
namespace {

constexpr std::array kAnalyzers = {
    kMimeAnalyzer,
    kTextAnalyzer,
    kHtmlAnalyzer,
    kArchiveAnalyzer,
};

}  // namespace

std::span<const Analyzer> registry() {
    return kAnalyzers;
}

}  // namespace postern::analyzers
