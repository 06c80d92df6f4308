#include "quarantine/record.hpp"

#include "quarantine/words.hpp"

namespace postern::quarantine {
namespace {

constexpr Words<7> kClasses = {"clean",    "unscanned",  "policy", "spam",
                               "phishing", "suspicious", "malware"};
constexpr Words<5> kActions = {"deliver", "tag", "quarantine", "reject", "defer"};
constexpr Words<5> kStatuses = {"held", "releasing", "released", "deleted", "failed"};
constexpr Words<6> kRecipientStates = {"held",      "releasing", "needs-confirmation",
                                       "delivered", "failed",    "deleted"};

}  // namespace

std::string_view name(VerdictClass value) {
    return to_word(kClasses, value);
}
std::string_view name(VerdictAction value) {
    return to_word(kActions, value);
}
std::string_view name(Status value) {
    return to_word(kStatuses, value);
}
std::string_view name(RecipientState value) {
    return to_word(kRecipientStates, value);
}
std::optional<VerdictClass> parse_class(std::string_view text) {
    return from_word<VerdictClass>(kClasses, text);
}
std::optional<VerdictAction> parse_action(std::string_view text) {
    return from_word<VerdictAction>(kActions, text);
}
std::optional<Status> parse_status(std::string_view text) {
    return from_word<Status>(kStatuses, text);
}
std::optional<RecipientState> parse_recipient_state(std::string_view text) {
    return from_word<RecipientState>(kRecipientStates, text);
}

}  // namespace postern::quarantine
