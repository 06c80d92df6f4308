#pragma once

/// @file What a gateway signs: mail that it passes on (DKIM, an ARC seal), and mail of its own.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzers/base/outcome.hpp"
#include "gateway/auth/dkim/signer.hpp"
#include "gateway/auth/results.hpp"
#include "gateway/settings/dkim.hpp"

namespace postern::auth {

/// The keys that [dkim] and [arc] need as they are set, as one PEM text: for a process that may not
/// open the files. Empty: none is needed. The error is a sentence that names the file.
[[nodiscard]] Outcome<std::string, std::string> signing_keys(const settings::Dkim& dkim,
                                                             const settings::ArcSealing& arc);

/// The body hashes that signing what is passed on will need; empty: none is signed or sealed.
[[nodiscard]] std::vector<dkim::BodyHashKind> outgoing_hashes(const settings::Dkim& dkim,
                                                              const settings::ArcSealing& arc);

/// A message on its way out.
struct OutgoingMessage {
    std::string_view header;           ///< as it is sent, with its empty line
    const dkim::BodyHasher& body;      ///< has ended, with outgoing_hashes()
    const Results* results = nullptr;  ///< null: nobody asked who sent it, and it is not sealed
    std::string recorded = {};         ///< payload of Authentication-Results, for the seal
    std::uint64_t now = 0;             ///< seconds since 1970
};

/// Const and thread-safe.
class OutgoingSigner {
public:
    /// `keys` is what signing_keys() gave. The error is a sentence.
    [[nodiscard]] static Outcome<OutgoingSigner, std::string> make(const settings::Dkim& dkim,
                                                                   const settings::ArcSealing& arc,
                                                                   std::string_view keys);

    /// True when any mail that is passed on may get a field.
    [[nodiscard]] bool passes_by() const { return signs_all_ || seal_; }
    /// DKIM-Signature fields for the author's domain, above them an ARC set: to be put in front of
    /// `message.header`. Empty where nothing is to be signed, and for a header without its empty
    /// line, which is not known to be whole.
    [[nodiscard]] std::string fields(const OutgoingMessage& message) const;
    /// A whole message of ours, signed when [dkim].sign says so.
    [[nodiscard]] std::string own(const std::string& message, std::string_view author_domain,
                                  std::uint64_t now) const;

private:
    struct Sealer {
        std::string domain;
        std::string selector;
        dkim::PrivateKey key;
    };
    OutgoingSigner() = default;

    bool signs_all_ = false;
    std::optional<dkim::Signer> signer_;  ///< none: [dkim].sign is off
    std::optional<Sealer> seal_;
};

}  // namespace postern::auth
