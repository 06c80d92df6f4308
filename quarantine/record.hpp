#pragma once

/// @file What the store knows of one message beside its bytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quarantine/quarantine_id.hpp"

namespace postern::quarantine {

/// verdict.class of postern.scan/1.
enum class VerdictClass : std::uint8_t {
    Clean,
    Unscanned,
    Policy,
    Spam,
    Phishing,
    Suspicious,
    Malware
};
/// verdict.action of postern.scan/1.
enum class VerdictAction : std::uint8_t { Deliver, Tag, Quarantine, Reject, Defer };

/// Of the message as a whole, derived from its recipients: Releasing while a delivery is owed,
/// Released when all recipients have it, Failed when a delivery failed and none is owed, else Held.
enum class Status : std::uint8_t { Held, Releasing, Released, Deleted, Failed };

/// Of one recipient. NeedsConfirmation: a release found something new; a person has to say yes.
enum class RecipientState : std::uint8_t {
    Held,
    Releasing,
    NeedsConfirmation,
    Delivered,
    Failed,
    Deleted
};

/// The words of the JSON interface and the database: "malware", "quarantine", "held",
/// "needs-confirmation", ...
[[nodiscard]] std::string_view name(VerdictClass value);
[[nodiscard]] std::string_view name(VerdictAction value);
[[nodiscard]] std::string_view name(Status value);
[[nodiscard]] std::string_view name(RecipientState value);
[[nodiscard]] std::optional<VerdictClass> parse_class(std::string_view text);
[[nodiscard]] std::optional<VerdictAction> parse_action(std::string_view text);
[[nodiscard]] std::optional<Status> parse_status(std::string_view text);
[[nodiscard]] std::optional<RecipientState> parse_recipient_state(std::string_view text);

/// One recipient for whom the message is held.
struct Recipient {
    std::string forward_path;  ///< "local@domain", no brackets
    RecipientState state = RecipientState::Held;
    std::string detail = {};  ///< what the next hop or the rescan said last, cleaned
    UnixMs changed = 0;

    friend bool operator==(const Recipient&, const Recipient&) = default;
};

/// What a list page shows. Texts that come from the message are cleaned by whoever made them
/// (analyzers/base/clean_text.hpp); the store keeps them as they are, but for NUL bytes.
struct Summary {
    QuarantineId id;
    UnixMs received = 0;
    std::string client_ip = {};
    std::optional<std::string> client_name = {};
    std::string helo = {};
    std::string reverse_path = {};           ///< "" is the null reverse-path
    std::vector<Recipient> recipients = {};  ///< all for whom it is held
    std::string subject = {};
    std::vector<std::string> from = {};  ///< addresses of the From field
    std::string message_id = {};
    std::uint64_t size = 0;   ///< bytes
    std::string sha256 = {};  ///< 64 lower-case hexadecimal digits
    VerdictClass verdict = VerdictClass::Unscanned;
    VerdictAction action = VerdictAction::Quarantine;
    double score = 0;
    std::vector<std::string> reasons = {};  ///< finding codes
    bool eight_bit = false;                 ///< MAIL FROM said BODY=8BITMIME
    bool smtputf8 = false;                  ///< MAIL FROM said SMTPUTF8
    Status status = Status::Held;
    std::int64_t changed = 0;  ///< change token of the last change (Store::change_token())

    friend bool operator==(const Summary&, const Summary&) = default;
};

/// What a later look at a held message found.
struct Rescan {
    UnixMs time = 0;
    std::string who = {};  ///< who had it done
    VerdictClass verdict = VerdictClass::Unscanned;
    VerdictAction action = VerdictAction::Quarantine;
    double score = 0;
    std::vector<std::string> reasons = {};  ///< finding codes
    std::string report_json = {};           ///< the whole postern.scan/1 object

    friend bool operator==(const Rescan&, const Rescan&) = default;
};

/// Everything about one message. To put() one, fill the summary but for status, changed and the
/// states of the recipients; size and sha256 may be left 0 and "", and are checked when set.
struct Record {
    Summary summary;
    std::string headers = {};           ///< header block for the reviewer, UTF-8 text
    std::string preview = {};           ///< text of the message as the jail read it
    std::string report_json = {};       ///< the whole postern.scan/1 object
    std::optional<Rescan> rescan = {};  ///< the newest; read only, Rescans::keep() makes it

    friend bool operator==(const Record&, const Record&) = default;
};

/// Limits of put(). Above them it says Invalid: the gateway cuts, the store does not.
inline constexpr std::size_t kMaxRecipients = 10000;
inline constexpr std::size_t kMaxText = std::size_t{64} << 10;  ///< headers, preview; bytes each
inline constexpr std::size_t kMaxField = std::size_t{4} << 10;  ///< subject, one address, ...
inline constexpr std::size_t kMaxReportJson = std::size_t{8} << 20;

}  // namespace postern::quarantine
