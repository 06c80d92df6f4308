// Any bytes as HTML: ends, bounded output, and the tokens hold no more than the input.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "analyzers/html/html.hpp"
#include "analyzers/html/tokenizer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern;
    using namespace postern::analyzers;
    const ByteView bytes = std::as_bytes(std::span{data, size});
    Limits limits;
    limits.milliseconds = 3600000;
    Budget budget(limits);
    const Analysis analysis = html_analyze({.bytes = bytes,
                                            .type = "html",
                                            .mime = "text/html",
                                            .name = "a.html",
                                            .declared_mime = {}},
                                           budget);
    if (analysis.text.size() > 6 * size + 6 || analysis.urls.size() > kMaxHtmlUrls) std::abort();
    HtmlTokenizer tokenizer(as_text(bytes));
    Token token;
    std::size_t text = 0;
    std::size_t tokens = 0;
    while (tokenizer.next(token)) {
        text += token.kind == Token::Kind::Text || token.kind == Token::Kind::Comment
                    ? token.text.size()
                    : 0;
        if (++tokens > size + 1) std::abort();
    }
    if (text > size) std::abort();
    return 0;
}
