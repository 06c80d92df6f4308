#include "analyzers/api/catalogue.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "analyzers/base/clean_text.hpp"

namespace postern::analyzers {
namespace {

// clang-format off
constexpr std::array kCatalogue = {
    FindingKind{"AV_MATCH", Source::Analyzer, Severity::Critical, Category::Malware, 15,
                "ClamAV knows this file as malware.", "T1566.001 T1204.002"},
    FindingKind{"AV_HEURISTIC", Source::Analyzer, Severity::Medium, Category::None, 4,
                "A heuristic or unwanted-program signature of ClamAV matched this file.", "T1204.002"},
    FindingKind{"ARCHIVE_DOUBLE_EXTENSION", Source::Analyzer, Severity::High, Category::Suspicious, 6,
                "A program in this archive has a name that passes for a document.", "T1036.007"},
    FindingKind{"ARCHIVE_ENCRYPTED", Source::Analyzer, Severity::Medium, Category::None, 3,
                "The archive is protected by a password, so its content was not examined.", "T1027.013"},
    FindingKind{"ARCHIVE_FAKE_ENCRYPTION", Source::Analyzer, Severity::High, Category::Suspicious, 6,
                "Members are marked as encrypted and are not: scanners that believe the mark skip them.", "T1027"},
    FindingKind{"ARCHIVE_HIDDEN_CONTENT", Source::Analyzer, Severity::High, Category::Suspicious, 6,
                "The archive shows one content to some programs and another to others.", "T1027"},
    FindingKind{"ARCHIVE_NAME_DISGUISED", Source::Analyzer, Severity::High, Category::Suspicious, 5,
                "A member's name has invisible or direction-changing characters that disguise it.", "T1036.002"},
    FindingKind{"ARCHIVE_OVERLAP", Source::Analyzer, Severity::High, Category::Suspicious, 6,
                "Members of the archive share the same bytes, as archive bombs do.", "T1499"},
    FindingKind{"ARCHIVE_PATH_ATTACK", Source::Analyzer, Severity::High, Category::Suspicious, 6,
                "Unpacked carelessly, a member would be written outside the target folder.", "T1203"},
    FindingKind{"ARCHIVE_UNCOMMON", Source::Analyzer, Severity::Medium, Category::None, 3,
                "The container is of a kind that is rarely sent by mail and often used to avoid scanners.", "T1027 T1553.005"},
    FindingKind{"HTML_ATTACHMENT_SCRIPT", Source::Analyzer, Severity::Medium, Category::None, 3,
                "An attached web page runs a script when it is opened.", "T1027.006 T1204.002"},
    FindingKind{"HTML_LINK_MISMATCH", Source::Analyzer, Severity::Low, Category::None, 1.5,
                "A link shows one address and leads to another.", "T1566.002"},
    FindingKind{"MIME_AMBIGUOUS", Source::Analyzer, Severity::Medium, Category::None, 4,
                "Mail programs will not agree on what this message contains.", "T1027"},
    FindingKind{"MIME_BROKEN", Source::Analyzer, Severity::Low, Category::None, 1,
                "The message breaks the format rules of mail.", ""},
    FindingKind{"NAME_BIDI", Source::Analyzer, Severity::High, Category::Suspicious, 5,
                "The attachment's name has invisible or direction-changing characters that disguise it.", "T1036.002"},
    FindingKind{"NAME_DOUBLE_EXTENSION", Source::Analyzer, Severity::High, Category::Suspicious, 6,
                "The attachment is a program whose name passes for a document.", "T1036.007"},
    FindingKind{"TYPE_MISMATCH", Source::Analyzer, Severity::High, Category::Suspicious, 6,
                "A program is declared or named as something harmless.", "T1036.008"},
    FindingKind{"URL_IP_HOST", Source::Analyzer, Severity::Low, Category::None, 1.5,
                "A link leads to a bare IP address.", "T1566.002"},
    FindingKind{"URL_USERINFO", Source::Analyzer, Severity::Medium, Category::None, 3,
                "A link has a name before its host, which passes for the host.", "T1566.002"},
    FindingKind{"YARA_MATCH", Source::Rule, Severity::Medium, Category::None, 4,
                "A YARA rule matched this object.", ""},
    FindingKind{"JAIL_VIOLATION", Source::Analyzer, Severity::High, Category::Suspicious, 8,
                "The worker that read this message made a forbidden system call and was killed.", "T1203"},
    FindingKind{"BOUNCE_MANY_RECIPIENTS", Source::Check, Severity::Low, Category::None, 1.5,
                "A message without a sender, as bounces are, is for several recipients.", ""},
    FindingKind{"CHECK_UNDECIDED", Source::Check, Severity::Info, Category::None, 0,
                "A check could not tell: what it asked did not answer.", ""},
    FindingKind{"CLIENT_BANNED", Source::Check, Severity::Medium, Category::None, 3,
                "The client misbehaved too often lately.", ""},
    FindingKind{"CLIENT_GENERIC_NAME", Source::Check, Severity::Low, Category::None, 1,
                "The client's reverse name looks like that of a dynamic line.", "T1584.005"},
    FindingKind{"CLIENT_NO_PTR", Source::Check, Severity::Low, Category::None, 1.5,
                "The client's address has no reverse name.", ""},
    FindingKind{"CLIENT_PTR_UNCONFIRMED", Source::Check, Severity::Low, Category::None, 1,
                "No reverse name of the client leads back to its address.", ""},
    FindingKind{"EARLY_TALKER", Source::Check, Severity::Medium, Category::None, 4,
                "The client spoke before it was greeted, as mass mailers do.", "T1584.005"},
    FindingKind{"GREYLISTED", Source::Check, Severity::Info, Category::None, 0,
                "The sender was asked to try again later.", ""},
    FindingKind{"HARVEST", Source::Check, Severity::Medium, Category::None, 3,
                "The client names many recipients that do not exist.", "T1589.002"},
    FindingKind{"HELO_FOREIGN_LITERAL", Source::Check, Severity::Low, Category::None, 1.5,
                "The client introduced itself by an address that is not its own.", ""},
    FindingKind{"HELO_FORGED", Source::Check, Severity::Medium, Category::None, 4,
                "The client introduced itself by a name of ours.", "T1036"},
    FindingKind{"HELO_GENERIC_NAME", Source::Check, Severity::Low, Category::None, 1,
                "The client introduced itself by a name like that of a dynamic line.", "T1584.005"},
    FindingKind{"HELO_MISMATCH", Source::Check, Severity::Info, Category::None, 0.3,
                "The name the client introduced itself by is not that of its address.", ""},
    FindingKind{"HELO_NOT_QUALIFIED", Source::Check, Severity::Low, Category::None, 0.5,
                "The client introduced itself by a name without a domain.", ""},
    FindingKind{"HELO_SYNTAX", Source::Check, Severity::Low, Category::None, 1.5,
                "The client introduced itself by something that is no host name.", ""},
    FindingKind{"HELO_UNRESOLVABLE", Source::Check, Severity::Low, Category::None, 1,
                "The name the client introduced itself by has no address.", ""},
    FindingKind{"MAIL_LOOP", Source::Check, Severity::Low, Category::None, 2,
                "The message has passed too many servers, or the same one too often.", ""},
    FindingKind{"RATE_EXCEEDED", Source::Check, Severity::Low, Category::None, 1,
                "The client or its network sends more than it may in so short a time.", ""},
    FindingKind{"RECIPIENT_UNKNOWN", Source::Check, Severity::Low, Category::None, 1,
                "A recipient of this message does not exist.", ""},
    FindingKind{"RELAY_DENIED", Source::Check, Severity::Low, Category::None, 0,
                "The message is for a domain that is not served here.", ""},
    FindingKind{"SENDER_BOGUS_MX", Source::Check, Severity::Medium, Category::None, 3,
                "Answers to the sender would lead nowhere: its mail servers have impossible addresses.", ""},
    FindingKind{"SENDER_DOMAIN_UNKNOWN", Source::Check, Severity::Medium, Category::None, 3,
                "The sender's domain does not exist.", ""},
    FindingKind{"SENDER_NULL_MX", Source::Check, Severity::Medium, Category::None, 3,
                "The sender's domain says that it takes no mail.", ""},
    FindingKind{"SENDER_SYNTAX", Source::Check, Severity::Low, Category::None, 2,
                "The sender's domain is no full domain name.", ""},
    FindingKind{"TLS_MISSING", Source::Check, Severity::Low, Category::None, 1,
                "The message came unencrypted although this partner should use TLS.", ""},
};
// clang-format on

}  // namespace

std::span<const FindingKind> catalogue() {
    return kCatalogue;
}

Finding finding(std::string_view code, std::string_view detail) {
    const auto* kind = std::find_if(kCatalogue.begin(), kCatalogue.end(),
                                    [&](const FindingKind& k) { return k.code == code; });
    if (kind == kCatalogue.end()) std::abort();
    Finding made{.code = std::string(kind->code),
                 .source = kind->source,
                 .severity = kind->severity,
                 .category = kind->category,
                 .score = kind->score,
                 .object = {},
                 .detail = clean_text(detail, kMaxDetail),
                 .explanation = std::string(kind->explanation),
                 .attack = {},
                 .ms = 0};
    for (std::string_view rest = kind->attack; !rest.empty();) {
        const std::size_t space = std::min(rest.find(' '), rest.size());
        made.attack.emplace_back(rest.substr(0, space));
        rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    return made;
}

}  // namespace postern::analyzers
