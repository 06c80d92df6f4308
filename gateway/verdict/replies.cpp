#include "gateway/verdict/replies.hpp"

namespace postern::verdict {

ReplyWords reply_for(Action action, MailClass mail_class, const std::string& id) {
    switch (action) {
        case Action::Deliver:
        case Action::Tag:
        case Action::Quarantine:
            return {250, "2.0.0", "Message accepted (" + id + ")"};
        case Action::Defer:
            // Everything was scanned: what is missing are answers from outside.
            if (mail_class == MailClass::Clean || mail_class == MailClass::Spam) {
                return {451, "4.4.3",
                        "Look-ups about this message failed, try again later (" + id + ")"};
            }
            return {451, "4.3.0", "Message cannot be checked now, try again later (" + id + ")"};
        case Action::Reject:
            break;
    }
    switch (mail_class) {
        case MailClass::Malware:
            return {554, "5.7.1", "Message refused: malware (" + id + ")"};
        case MailClass::Policy:
            return {550, "5.7.1", "Message refused: content not allowed here (" + id + ")"};
        case MailClass::Unscanned:
            return {550, "5.7.1", "Message refused: content cannot be checked (" + id + ")"};
        default:
            return {550, "5.7.1", "Message refused by content policy (" + id + ")"};
    }
}

ReplyWords analyzer_unavailable(const std::string& id) {
    return reply_for(Action::Defer, MailClass::Unscanned, id);
}

}  // namespace postern::verdict
