#include "gateway/auth/dkim/body_canonicalizer.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>

#include <bit>
#endif

namespace postern::auth::dkim {
namespace {

bool changes(std::string_view bytes, std::size_t at) {
    const char c = bytes[at];
    if (c == '\t') return true;
    if (c != ' ') return false;
    if (at + 1 == bytes.size()) return true;
    const char next = bytes[at + 1];
    return next == ' ' || next == '\t' || next == '\r';
}

#if defined(__SSE2__)
__m128i load(const char* at) {
    return _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(at)));
}
#endif

}  // namespace

std::size_t find_blank_to_change(std::string_view bytes) {
    std::size_t at = 0;
#if defined(__SSE2__)
    // Sixteen bytes at a time, together with the sixteen that follow each of them.
    constexpr std::size_t kStep = 16;
    const __m128i space = _mm_set1_epi8(' ');
    const __m128i tab = _mm_set1_epi8('\t');
    const __m128i cr = _mm_set1_epi8('\r');
    for (; at + kStep + 1 <= bytes.size(); at += kStep) {
        const __m128i here = load(bytes.data() + at);
        const __m128i next = load(bytes.data() + at + 1);
        const __m128i stops =
            _mm_or_si128(_mm_cmpeq_epi8(next, space),
                         _mm_or_si128(_mm_cmpeq_epi8(next, tab), _mm_cmpeq_epi8(next, cr)));
        const __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(here, tab),
                                          _mm_and_si128(_mm_cmpeq_epi8(here, space), stops));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
        if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
    }
#endif
    while (at < bytes.size() && !changes(bytes, at)) ++at;
    return at;
}

}  // namespace postern::auth::dkim
