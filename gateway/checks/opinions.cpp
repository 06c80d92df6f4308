#include "gateway/checks/opinions.hpp"

#include "analyzers/api/catalogue.hpp"

namespace postern::checks {

std::string_view name(Stage stage) {
    switch (stage) {
        case Stage::Connection:
            return "connect";
        case Stage::Helo:
            return "helo";
        case Stage::Sender:
            return "mail";
        case Stage::Recipient:
            return "rcpt";
        case Stage::Data:
            return "data";
        case Stage::Message:
            break;
    }
    return "message";
}

bool is_undecided(const analyzers::Finding& finding) {
    return finding.code == kUndecided || finding.code == "LIST_UNKNOWN";
}

Opinion noted(std::string_view code, std::string_view detail) {
    return {analyzers::finding(code, detail), std::nullopt};
}

Opinion refused(std::string_view code, std::string_view detail, smtp::Reply reply) {
    return {analyzers::finding(code, detail), std::move(reply)};
}

Opinion undecided(std::string_view check, std::string_view detail,
                  std::optional<smtp::Reply> reply) {
    return {analyzers::finding(kUndecided, std::string(check) + ": " + std::string(detail)),
            std::move(reply)};
}

}  // namespace postern::checks
