/// @file Any text as the record of every name: the check ends, with a result, within its look-ups.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/auth/spf/check.hpp"

namespace {

/// Every name has the text as its record, the client as its address and a few names.
class Everywhere final : public postern::dns::Resolver {
public:
    explicit Everywhere(std::string text) : text_(std::move(text)) {}
    void ask(const postern::dns::Question& question, postern::dns::TimePoint /*deadline*/,
             Done done) override {
        postern::dns::Answer answer;
        answer.status = postern::dns::Status::Found;
        answer.texts = {text_};
        answer.names = {"a.example.org", question.name};
        answer.exchanges = {{10, "a.example.org"}, {20, question.name}};
        answer.addresses = {postern::mail::IpAddress::parse("192.0.2.7").value()};
        done(std::move(answer));
    }

private:
    std::string text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace postern::auth;
    const std::string text(data, data + size);
    Everywhere resolver("v=spf1 " + text);
    postern::dns::Inquiry inquiry(resolver, {.lookups = 500});
    spf::Request request{postern::mail::IpAddress::parse("192.0.2.1").value(), "mx.b.org",
                         "strong-bad@b.org"};
    request.explain = true;
    const Spf result = spf::check_mail_from(request, inquiry);
    // 1 record, 10 terms of at most 1 + 10 look-ups, 11 for a name's validation, 1 explanation.
    if (inquiry.asked() > 1 + 10 * 11 + 11 + 1) std::abort();
    if (result.result == postern::auth::SpfResult::None ||
        result.result == postern::auth::SpfResult::TempError) {
        std::abort();  // there is a record, and every question has an answer
    }
    if (result.explanation && result.result != postern::auth::SpfResult::Fail) std::abort();
    return 0;
}
