#pragma once

/// @file What a server's packet says.

#include <cstdint>
#include <string>

#include "analyzers/base/bytes.hpp"
#include "gateway/dns/query.hpp"

namespace postern::dns {

/// Aliases of one question that are followed, within one packet and over several.
constexpr std::size_t kMaxAliases = 10;

/// The content of a packet that answers the question, whoever sent it.
struct Reading {
    Answer answer;          ///< without ttl
    std::uint32_t ttl = 0;  ///< seconds, of the shortest-lived record that was used
    bool may_be_kept = false;
    /// Not empty: the packet ends at this name (wire form) without saying anything about it; it is
    /// to be asked for, and `answer` means nothing.
    std::string alias = {};
    std::size_t aliases = 0;  ///< that were followed
};

/// `name` is the wire form of the question. Broken, contradictory and oversized packets, and codes
/// that are no answer, are Failed.
[[nodiscard]] Reading read_answer(ByteView packet, std::string_view name, RecordType type,
                                  std::size_t max_records);

/// A packet that came where the answer to a query was expected.
struct Reply {
    enum class Kind : std::uint8_t {
        Foreign,    ///< not the answer to this query: as if it had not come
        OddCase,    ///< would be, but for the letters of the question
        Truncated,  ///< ask again over TCP
        NoEdns,     ///< the server cannot read our query: ask again without EDNS
        Useless,    ///< the server could not or would not tell; `reading.answer` is Failed
        Answer
    };
    Kind kind = Kind::Foreign;
    bool with_edns = false;  ///< the server speaks EDNS
    Reading reading = {};
};

/// `exact_case` asks that the question comes back in the letters that were sent.
[[nodiscard]] Reply read_reply(ByteView packet, const Query& query, bool exact_case,
                               std::size_t max_records);

}  // namespace postern::dns
