/// @file Whatever the header: a chain is whole, or has a flaw, or is not there; a whole one has its
/// instances in order, with valid names and seals that can be hashed.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/auth/arc/arc_set.hpp"
#include "gateway/auth/arc/seal_digest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern::auth;
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)), size);
    const auto recorded = arc::parse_recorded_results(text);
    if (recorded && (recorded->instance < 1 || recorded->instance > arc::kMaxInstances))
        std::abort();
    if (recorded && recorded->authserv_id.empty()) std::abort();

    const postern::mail::HeaderBlock header(text);
    const arc::ArcChain chain = arc::read_chain(header, {65536, 1'800'000'000, 36'000});
    if (!chain.flaw.empty()) {
        if (!chain.sets.empty()) std::abort();
        return 0;
    }
    if (chain.sets.size() != chain.instances) std::abort();
    for (std::size_t i = 0; i < chain.sets.size(); ++i) {
        const arc::ArcSet& set = chain.sets[i];
        if (set.seal.instance != i + 1 || set.message.instance != i + 1) std::abort();
        if (set.seal.problem || set.seal.domain.empty()) std::abort();
        if (set.seal.chain != (i == 0 ? "none" : "pass")) std::abort();
    }
    if (arc::seal_digests(chain.sets).size() != chain.sets.size()) std::abort();
    return 0;
}
