#pragma once

/// @file What we answer in the next hop's place.

#include "gateway/smtp/peer_reply.hpp"

namespace postern::relay {

inline const smtp::PeerReply kHopDown{451, "4.4.1", "Next hop is not available, try again later"};
inline const smtp::PeerReply kNoSmtpUtf8{550, "5.6.7",
                                         "Next hop does not take internationalized addresses"};
inline const smtp::PeerReply kNoEightBit{554, "5.6.3", "Next hop does not take 8-bit content"};
inline const smtp::PeerReply kTooBig{552, "5.3.4", "Message is too big for the next hop"};
inline const smtp::PeerReply kBareLineEnd{550, "5.5.2", "Message has a bare CR or LF"};
inline const smtp::PeerReply kBadSender{553, "5.1.7", "Sender address cannot be passed on"};
inline const smtp::PeerReply kBadRecipient{553, "5.1.3", "Recipient address cannot be passed on"};
inline const smtp::PeerReply kUnreadable{451, "4.3.0", "Message could not be read"};

/// 421 announces the end of a connection that the client does not have.
[[nodiscard]] inline smtp::PeerReply passed_on(smtp::PeerReply reply) {
    if (reply.code == 421) reply.code = 451;
    return reply;
}

}  // namespace postern::relay
