#include "analyzers/pipeline/pipeline.hpp"

#include <exception>

#include "analyzers/archive/archive.hpp"
#include "analyzers/base/charset.hpp"
#include "analyzers/pipeline/walk.hpp"

namespace postern::analyzers {

struct PipelineWarmUp::State {
    CharsetWarmUp charsets;
    ArchiveWarmUp archive;
};

PipelineWarmUp::PipelineWarmUp() : state_(std::make_unique<State>()) {}
PipelineWarmUp::~PipelineWarmUp() = default;

Report analyze(ByteView root, RootKind kind, std::string_view name, const Limits& limits,
               Engines engines, const Magic* magic) {
    // Analyzers are guarded one by one; this is for the walk's own memory.
    Walk walk(limits, engines, magic);
    try {
        return walk.run(root, kind, name);
    } catch (const std::exception&) {
        return walk.give_up();
    }
}

}  // namespace postern::analyzers
