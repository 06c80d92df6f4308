#pragma once

#include <string>

#include "gateway/transaction/mail.hpp"

namespace postern::transaction {

/// DKIM-Signature and ARC fields for a message that goes out with `fields` on top, by [dkim] and
/// [arc]: to be put in front of them. Its body was hashed while it came.
[[nodiscard]] std::string signature_fields(const Mail& mail, const std::string& fields);

/// The same for a message that was held; it is read once, and gets no ARC set: what was found out
/// about its sender is not known any more. `message` is a file with the whole message.
[[nodiscard]] std::string signature_fields(const Services& services, int message,
                                           const std::string& fields);

}  // namespace postern::transaction
