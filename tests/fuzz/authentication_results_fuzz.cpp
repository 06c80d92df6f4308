/// @file Any header block: what claims to be ours goes in one pass, a second one finds nothing, and
/// what we write of a stranger's words is one field that reads as ours.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/auth/trace/authentication_results.hpp"
#include "gateway/mail/header_block.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern::auth;
    const std::string text(data, data + size);
    const std::string id = "mx.example.org";
    const trace::Stripped once = trace::without_own_results(text, id);
    if (once.removed == 0 && once.header != text) std::abort();
    if (once.header.size() > text.size()) std::abort();

    Results results;
    results.spf.emplace();
    results.iprev = Iprev{IprevResult::Pass, text, ""};
    Dkim dkim;
    dkim.domain = dkim.selector = dkim.identity = dkim.algorithm = dkim.signature = text;
    results.dkim.push_back(dkim);
    const std::string field = trace::authentication_results(results, {id, text, text, text});
    const postern::mail::HeaderBlock block(field);
    if (block.count() != 1 || block[0].flaws != 0 || !block[0].is("Authentication-Results")) {
        std::abort();
    }
    if (trace::without_own_results(field + "\r\n", id).header != "\r\n") std::abort();
    return 0;
}
