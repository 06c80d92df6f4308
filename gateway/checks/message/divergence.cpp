/// @file Answers that would go elsewhere: Reply-To of another organization than From. Newsletters
/// and lists do it too, so it is few points; more where the reply would go to a free mailbox and
/// the author has none.

#include <algorithm>

#include "gateway/checks/message/author.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/options.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

const std::vector<OptionKind>& kinds() {
    static const std::vector<OptionKind> kOptions = {
        {"free_mail",
         std::vector<std::string>{"gmail.com", "googlemail.com", "outlook.com",  "hotmail.com",
                                  "live.com",  "yahoo.com",      "aol.com",      "icloud.com",
                                  "gmx.de",    "gmx.net",        "web.de",       "mail.ru",
                                  "yandex.ru", "yandex.com",     "proton.me",    "protonmail.com",
                                  "qq.com",    "163.com",        "tutanota.com", "zoho.com",
                                  "mail.com"},
         0, 0, "domains where anybody can have a mailbox"},
    };
    return kOptions;
}

Opinions run(const Facts& facts, const Tools& /*tools*/, const Options& options) {
    Opinions said;
    const auto from = authors(*facts.message);
    const auto reply = reply_authors(*facts.message);
    if (from.empty() || from.front().registrable.empty()) return said;
    const Author& author = from.front();
    const auto& free_mail = option<std::vector<std::string>>(options, "free_mail");
    const auto is_free = [&](const Author& each) {
        return std::find(free_mail.begin(), free_mail.end(), each.registrable) != free_mail.end();
    };
    const auto other = std::find_if(reply.begin(), reply.end(), [&](const Author& each) {
        return !each.registrable.empty() && each.registrable != author.registrable;
    });
    if (other != reply.end()) {
        const bool free = is_free(*other) && !is_free(author);
        said.push_back(noted(free ? "REPLY_TO_FREE_MAIL" : "REPLY_TO_DIVERGES",
                             other->address + ", from " + author.address));
    }
    if (facts.sender && facts.sender->reverse_path && !is_authenticated(*facts.message, author)) {
        const Author path = author_of(facts.sender->reverse_path->text(), {});
        if (!path.registrable.empty() && path.registrable != author.registrable) {
            said.push_back(
                noted("RETURN_PATH_DIVERGES", path.address + ", from " + author.address));
        }
    }
    return said;
}

}  // namespace

const Check& divergence() {
    static const Check kCheck{
        .name = "divergence",
        .stage = Stage::Message,
        .options = kinds(),
        .run = run,
        .meaning = "Replies or bounces would go to another organization than the author's."};
    return kCheck;
}

}  // namespace postern::checks
